/* A bad day for a process's disk and clock: put under the binary by LD_PRELOAD, told what to do by
 * files in the folder PLUG_DIR. What belongs to the test is NEUROCARDS_DATA_DIR, all else goes
 * through untouched.
 *
 *   kill          "N before" or "N after": SIGKILL at the N-th fsync; taken away by who reads it
 *   shadow/       where it exists: after each fsync a copy of the file as it is on disk then, so
 *                 that after a power cut only what is in there is left; a new name is on disk
 *                 once its folder was synced
 *   fail.write    "ENOSPC [part of a path] [once]": so does every write, fsync, open or rename
 *   fail.fsync    to such a file, until this one is taken away
 *   fail.open
 *   fail.rename
 *   hang.fsync    "[part of a path]": such an fsync does not end until this is taken away, and
 *   hung          is written when one has begun;
 *   one           lets the next one through
 *   clock         seconds that the wall clock is ahead
 *   log           written: "PID N CALL PATH" for each fsync
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))
#define LONG_PATH 1024

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static const char *folder, *data;
static long syncs, kill_at = -1;
static int kill_after;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

/* The test's own files, past everything below. */
static int sys_open(const char *path, int flags) {
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static long told(const char *name, char *text, size_t size) {
    char path[LONG_PATH];
    int kept = errno;
    long got = -1;
    if (folder) {
        snprintf(path, sizeof path, "%s/%s", folder, name);
        int fd = sys_open(path, O_RDONLY);
        if (fd >= 0) {
            got = syscall(SYS_read, fd, text, size - 1);
            syscall(SYS_close, fd);
        }
    }
    text[got > 0 ? got : 0] = 0;
    errno = kept;
    return got;
}

static void forget(const char *name) {
    char path[LONG_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

__attribute__((constructor)) static void begin(void) {
    char text[64], when[16] = "";
    folder = getenv("PLUG_DIR");
    data = getenv("NEUROCARDS_DATA_DIR");
    if (told("kill", text, sizeof text) > 0) {
        sscanf(text, "%ld %15s", &kill_at, when);
        kill_after = !strcmp(when, "after");
        forget("kill");
    }
}

/* The part of a path below the data folder, empty for that itself; NULL: not ours. */
static const char *below(const char *path) {
    size_t length = data ? strlen(data) : 0;
    if (!folder || !length || strncmp(path, data, length)) return NULL;
    if (!path[length]) return path + length;
    return path[length] == '/' ? path + length + 1 : NULL;
}

static const char *path_of(int fd, char *path, size_t size) {
    char link[64];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, size - 1);
    errno = kept;
    path[length > 0 ? length : 0] = 0;
    return path;
}

static int number(const char *name) {
    static const struct { const char *name; int number; } known[] = {
        {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EROFS", EROFS}, {"EMFILE", EMFILE}, {"EACCES", EACCES},
    };
    for (size_t at = 0; at < sizeof known / sizeof *known; at++)
        if (!strcmp(known[at].name, name)) return known[at].number;
    return EIO;
}

/* Whether an operation on this file is to fail; sets errno. */
static int fails(const char *op, const char *path) {
    char text[256], name[16] = "", part[200] = "", once[8] = "";
    if (!below(path) || told(op, text, sizeof text) <= 0) return 0;
    sscanf(text, "%15s %199s %7s", name, part, once);
    if (!strcmp(part, "once")) strcpy(once, "once"), part[0] = 0;
    if (!strstr(below(path), part)) return 0;
    if (*once) forget(op);
    errno = number(name);
    return 1;
}

/* As a disk that does not answer. */
static void hang(const char *path) {
    char text[256], part[200], hung[LONG_PATH];
    const struct timespec while_then = {0, 5000000};
    while (told("hang.fsync", text, sizeof text) > 0) {
        part[0] = 0;
        sscanf(text, "%199s", part);
        if (!strstr(below(path), part)) return;
        snprintf(hung, sizeof hung, "%s/hung", folder);
        if (told("one", text, sizeof text) > 0) {
            forget("one");
            return;
        }
        syscall(SYS_close, sys_open(hung, O_WRONLY | O_CREAT));
        nanosleep(&while_then, NULL);
    }
}

static int fails_fd(const char *op, int fd) {
    char path[LONG_PATH];
    return folder && fails(op, path_of(fd, path, sizeof path));
}

static void shadow_of(const char *part, char *path, size_t size) {
    snprintf(path, size, "%s/shadow/%s", folder, part);
    for (char *at = path + strlen(folder) + 8; (at = strchr(at + 1, '/'));) {
        *at = 0;
        syscall(SYS_mkdirat, AT_FDCWD, path, 0700);
        *at = '/';
    }
}

static int has_shadows(void) {
    char path[LONG_PATH];
    struct stat facts;
    snprintf(path, sizeof path, "%s/shadow", folder);
    return !stat(path, &facts);
}

/* Under its name only when it is whole. */
static void keep(const char *path) {
    char chunk[65536], half[LONG_PATH + 8], whole[LONG_PATH];
    long got;
    shadow_of(below(path), whole, sizeof whole);
    snprintf(half, sizeof half, "%s.half", whole);
    int from = sys_open(path, O_RDONLY), to = sys_open(half, O_WRONLY | O_CREAT | O_TRUNC);
    if (from < 0 || to < 0) return;
    while ((got = syscall(SYS_read, from, chunk, sizeof chunk)) > 0)
        syscall(SYS_write, to, chunk, got);
    syscall(SYS_close, from);
    syscall(SYS_close, to);
    syscall(SYS_renameat, AT_FDCWD, half, AT_FDCWD, whole);
}

/* Renames whose folder was not synced since; the oldest is taken for done when there are too many. */
static struct { char old[LONG_PATH], new[LONG_PATH]; } renames[64];
static int waiting;

static void renamed(const char *from, const char *to) {
    if (waiting == sizeof renames / sizeof *renames) {
        syscall(SYS_renameat, AT_FDCWD, renames[0].old, AT_FDCWD, renames[0].new);
        memmove(renames, renames + 1, --waiting * sizeof *renames);
    }
    shadow_of(below(from), renames[waiting].old, LONG_PATH);
    shadow_of(below(to), renames[waiting++].new, LONG_PATH);
}

static void synced_folder(const char *path) {
    char whole[LONG_PATH];
    int kept = 0;
    snprintf(whole, sizeof whole, "%s/shadow/%s", folder, below(path));
    size_t length = strlen(whole) - !*below(path);
    for (int at = 0; at < waiting; at++) {
        char *slash = strrchr(renames[at].new, '/');
        if ((size_t)(slash - renames[at].new) == length && !strncmp(whole, renames[at].new, length))
            syscall(SYS_renameat, AT_FDCWD, renames[at].old, AT_FDCWD, renames[at].new);
        else
            renames[kept++] = renames[at];
    }
    waiting = kept;
}

static void note(const char *call, const char *path) {
    char line[LONG_PATH + 64], log[LONG_PATH];
    snprintf(log, sizeof log, "%s/log", folder);
    int length = snprintf(line, sizeof line, "%d %ld %s %s\n", getpid(), syncs, call, below(path));
    int fd = sys_open(log, O_WRONLY | O_CREAT | O_APPEND);
    syscall(SYS_write, fd, line, length);
    syscall(SYS_close, fd);
}

static int sync_one(const char *call, int fd, int (*really)(int)) {
    char path[LONG_PATH];
    struct stat facts;
    if (!folder || !below(path_of(fd, path, sizeof path))) return really(fd);
    if (fails("fail.fsync", path)) return -1;
    hang(path);
    pthread_mutex_lock(&one);
    syncs++;
    note(call, path);
    if (syncs == kill_at && !kill_after) kill(getpid(), SIGKILL);
    int done = really(fd), kept = errno;
    if (!done && has_shadows() && !fstat(fd, &facts)) {
        if (S_ISREG(facts.st_mode)) keep(path);
        if (S_ISDIR(facts.st_mode)) synced_folder(path);
    }
    if (syncs == kill_at && kill_after) kill(getpid(), SIGKILL);
    pthread_mutex_unlock(&one);
    errno = kept;
    return done;
}

int fsync(int fd) { return sync_one("fsync", fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_one("fdatasync", fd, REAL(fdatasync)); }

ssize_t write(int fd, const void *from, size_t size) {
    return fails_fd("fail.write", fd) ? -1 : REAL(write)(fd, from, size);
}
ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
    return fails_fd("fail.write", fd) ? -1 : REAL(pwrite)(fd, from, size, at);
}
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
    return fails_fd("fail.write", fd) ? -1 : REAL(pwrite64)(fd, from, size, at);
}
ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *on, size_t size, unsigned flags) {
    return fails_fd("fail.write", to) ? -1 : REAL(copy_file_range)(from, at, to, on, size, flags);
}
int ftruncate(int fd, off_t size) {
    return fails_fd("fail.write", fd) ? -1 : REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    return fails_fd("fail.write", fd) ? -1 : REAL(ftruncate64)(fd, size);
}

/* What is only read can be opened on a full disk, too. */
static int fails_open(const char *path, int flags) {
    return (flags & (O_WRONLY | O_RDWR | O_CREAT)) && fails("fail.open", path);
}

#define OPEN(name)                                                     \
    int name(const char *path, int flags, ...) {                       \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                  \
        return fails_open(path, flags) ? -1 : REAL(name)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                   \
    int name(int at, const char *path, int flags, ...) {               \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest);                                                  \
        return fails_open(path, flags) ? -1 : REAL(name)(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

int rename(const char *from, const char *to) {
    if (fails("fail.rename", to)) return -1;
    pthread_mutex_lock(&one);
    int done = REAL(rename)(from, to), kept = errno;
    if (!done && below(from) && below(to) && has_shadows()) renamed(from, to);
    pthread_mutex_unlock(&one);
    errno = kept;
    return done;
}

int unlink(const char *path) {
    char shadow[LONG_PATH];
    int done = REAL(unlink)(path);
    if (!done && below(path) && has_shadows()) {
        shadow_of(below(path), shadow, sizeof shadow);
        syscall(SYS_unlinkat, AT_FDCWD, shadow, 0);
    }
    return done;
}

static long ahead(void) {
    char text[32];
    return told("clock", text, sizeof text) > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t which, struct timespec *now) {
    long done = syscall(SYS_clock_gettime, which, now);
    if (!done && which == CLOCK_REALTIME) now->tv_sec += ahead();
    return (int)done;
}

int gettimeofday(struct timeval *now, void *zone) {
    long done = syscall(SYS_gettimeofday, now, zone);
    if (!done) now->tv_sec += ahead();
    return (int)done;
}

time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to) *to = now.tv_sec;
    return now.tv_sec;
}
