//! Commands of the documents that the test of them cannot run itself. A `*` at the end stands for
//! whatever follows; `sudo -u neurocards`, `--data-dir` and `--config` of the package are left out.

/// The fresh machine that `packaging/try-deb` boots.
const MACHINE: &str = "tests/packages/machine.rs";
/// What that machine does of `docs/install.md`, word for word.
const ARCHIVE: &str = "of_the_archive()";

/// How the command begins, the file that runs it, and the words that do.
pub(super) const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("cargo test", ".ci/run", "cargo test --locked"),
    ("cargo build --release", ".ci/full", "cargo build --locked --release"),
    (
        "cargo build --release --no-default-features",
        "packaging/build-static",
        "--no-default-features",
    ),
    ("cargo run --release -- demo", "tests/demo.rs", "succeeds(folder.path(), &args)"),
    (
        "cargo run --release -- demo --orders 1000 *",
        ".ci/full",
        "demo --orders 1000 --customers 200",
    ),
    ("cargo run --release -- demo --photo *", "tests/demo.rs", "\"--photo\""),
    ("cargo bench --bench console", ".ci/full", "cargo bench --locked --bench console"),
    ("cargo bench --bench core*", ".ci/full", "cargo bench --locked --bench core"),
    ("cargo deny check*", ".ci/full", "cargo deny check"),
    ("target/release/neurocards demo --load*", "tests/demo.rs", "\"--load\""),
    ("neurocards", "tests/scenarios/console/foreground.rs", "self.terminal(&[]"),
    ("neurocards run", "tests/scenarios/appliance/process.rs", "self.binary(&[\"run\"])"),
    ("neurocards console*", "tests/scenarios/console.rs", "&[\"console\"]"),
    ("neurocards demo", "tests/demo.rs", "succeeds(folder.path(), &args)"),
    ("neurocards demo --fill*", "benches/console.rs", "\"--fill\""),
    ("neurocards demo --load*", "tests/demo.rs", "\"--load\""),
    ("neurocards setup*", "tests/scenarios/setup.rs", "&[\"setup\"]"),
    ("packaging/build-deb", "packaging/try-deb", "packaging/build-deb"),
    ("packaging/build-tarball", "packaging/try-deb", "packaging/build-tarball"),
    ("packaging/notices*", "packaging/build-static", "packaging/notices"),
    ("packaging/try-deb", ".ci/full", "packaging/try-deb"),
    ("packaging/try-image", ".ci/full", "packaging/try-image"),
    ("apt-get install ./neurocards*", MACHINE, "\"/srv/neurocards.deb\""),
    ("install -m 600 /dev/stdin *", MACHINE, "\"install\", \"-m\", \"600\", \"/dev/stdin\""),
    ("systemctl start neurocards", MACHINE, "\"systemctl\", \"start\", \"neurocards\""),
    ("tar -xf neurocards*", MACHINE, ARCHIVE),
    ("cd neurocards-*", MACHINE, ARCHIVE),
    ("install -m 755 neurocards *", MACHINE, ARCHIVE),
    ("install -m 644 neurocards.service *", MACHINE, ARCHIVE),
    ("install -D -m 644 *", MACHINE, ARCHIVE),
    ("systemd-sysusers", MACHINE, ARCHIVE),
    ("systemctl daemon-reload", MACHINE, ARCHIVE),
    ("systemctl enable neurocards", MACHINE, ARCHIVE),
    ("ssh root@server encrypt-data *", "packaging/try-encrypt", "packaging/encrypt-data by-hand"),
    ("head -c 32 /dev/urandom *", "packaging/try-encrypt", "head -c 32 /dev/urandom"),
    ("litestream restore *", "tests/scenarios/second_copy.rs", "\"restore\", \"-config\""),
];

/// How the command begins, and why nothing here can run it.
pub(super) const BY_NATURE: &[(&str, &str)] = &[
    (".ci/run", "it is what runs this test"),
    (".ci/full", "it takes hours, and runs what it says itself"),
    ("scp *", "it needs your server"),
    ("ssh *", "it needs your server"),
    ("rsync *", "it needs your server"),
    ("systemctl stop neurocards", "it needs your server; the fresh machine is restarted instead"),
    ("systemctl status neurocards", "it is for eyes; the fresh machine asks `systemctl show`"),
    ("journalctl -u neurocards -f", "it does not end; the fresh machine reads the last lines"),
    ("pg_dump *", "it needs the old system; `tests/scenarios/import/old.rs` writes what it does"),
    ("psql *", "it needs the old system; `tests/scenarios/import/old.rs` writes what it does"),
    ("apt-get install --allow-downgrades *", "there is no earlier release to go back to yet"),
    ("cryptsetup *", "it needs a disk to spare"),
    ("mkfs.ext4 /dev/*", "it needs a disk to spare"),
    ("mount /dev/mapper/*", "it needs a disk to spare"),
    ("umount /mnt", "it needs a disk to spare"),
    ("cp -a /var/lib/neurocards/. /mnt/", "it needs a disk to spare"),
    ("diff -r /var/lib/neurocards /mnt", "it needs a disk to spare"),
    ("install -d -m 700 -o neurocards *", "it needs the package's user"),
    ("install -m 640 -g neurocards *", "it needs the package's user"),
    ("install -m 755 packaging/litestream/*", "it is for your server; the gate verifies the units"),
    ("install -m 644 packaging/litestream/*", "it is for your server; the gate verifies the units"),
    ("systemctl disable --now litestream", "it is for your server"),
    ("systemctl enable --now neurocards-litestream *", "it is for your server"),
    ("systemctl stop neurocards-litestream*", "it is for your server"),
    ("systemctl start neurocards neurocards-litestream*", "it is for your server"),
    ("jq *", "jq is not everywhere; `grep` says the same of a log in text, and is run"),
    ("docker *", "Docker does not run everywhere; `packaging/try-image` does what it would"),
];
