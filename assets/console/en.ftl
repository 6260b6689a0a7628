# The console's words. Each message here is also in ru.ftl. Plain text, short: a line is 80 columns.

## Times and sizes

span-s = s
span-m = m
span-h = h
span-d = d
age-past = { $span } ago
age-future = in { $span }
age-now = now
unit-kb = KB
unit-mb = MB
unit-gb = GB

## The frame

too-small = The window is { $size }. The console needs at least 80x24: make it larger, or the letters smaller.
mode-demo = demo
mode-readonly = read only
life-running = running, heartbeat { $age }
life-silent = NOT RUNNING: last heartbeat { $age }
life-stopped = not running
picture-age = updated { $span } ago
trouble = the database cannot be read
banner-safe-mode = SAFE MODE for { $span }: nothing is sold or submitted
banner-selling = selling is closed for { $span }
banner-submitting = nothing is submitted for { $span }
banner-draining = draining: { $n ->
    [one] one video still renders
   *[other] { $n } videos still render
}
banner-drained = drained: nothing renders, it is safe to stop
note-frozen = frozen: p lets new facts in
note-follow = follows the first row
note-filter = filter: { $filter }
note-marks = { $n } marked
more-below = { $n } more below
nothing-there = Nothing here by this number.
line-filter = filter:
line-credits = credits (negative takes back):
line-note = why (for the record):
line-text = message to the customer:
line-block = why (may stay empty):
answer-yes = yes
answer-no = no (also Enter, Esc)
toasts-none = Nothing was done yet.

## Tabs

tab-overview = Overview
tab-queue = Queue
tab-failures = Failures
tab-keys = Keys
tab-models = Models
tab-customers = Customers
tab-payments = Payments
tab-alerts = Alerts
tab-audit = Audit
tab-chat = Chat
tab-job = Job
tab-customer = Customer
short-failures = Failed
short-customers = Users
short-payments = Stars
short-alerts = Alerts
tight-overview = Home
tight-failures = Fails

## Keys

key-retry = run again
key-cancel = cancel
key-hurry = run now
key-raise = raise
key-to-customer = customer
key-block = block
key-unblock = unblock
key-ask = ask balance
key-switch = on/off
key-credits = credits
key-ban = ban/unban
key-write = message
key-turn = other list
key-pause-selling = close selling
key-pause-submitting = hold submits
key-drain = drain
key-resume = open all
key-in = open
key-out = back
key-filter = filter
key-sort = sort
key-follow = follow
key-mark = mark
key-freeze = freeze
key-copy = copy the id
key-command = command
key-toasts = what was done
key-next-tab = next
key-previous-tab = the previous screen
key-up = up
key-down = down
key-page-up = a page up
key-page-down = a page down
key-top = to the top
key-bottom = to the bottom
key-quit = quit
key-help = help
key-tabs = the screen with this number

## What the screens are for

about-overview = The shop at a glance: what needs you first, what came in and what it cost at the provider, where videos wait and for how long, who serves. Capital letters close and open: P selling, S submits to the provider, D both (before a stop or an upgrade), R opens everything.
about-queue = Videos that are being made, the most urgent first, and what ended within the hour. The filter takes words and state:failed, step:render, user:@anna, order:7, error:timeout, key:ab12, model:kling, age>10m; with a filter older videos are searched, too. Marked rows are run again, canceled, hurried or raised together. Run now: without waiting for a retry's time. Raise: goes before others.
about-failures = What went wrong in seven days, by kind. Run again makes new videos of all of a group that nobody has run again yet, five seconds apart, at your cost; you see the number first. Enter shows them one by one.
about-keys = The provider's accounts. A key that is blocked for money comes back by itself when its balance pays for a video again (asked every ten minutes), or when you unblock it. Blocking one by hand sends its waiting videos to the others.
about-models = The models in their order: the first one that serves makes the videos. One that the provider switched off is tried again by itself; one that you switched off stays off.
about-customers = Search with / by Telegram id or @name; without a filter the newest. Credits given or taken back need a reason, and the customer is told. A banned customer can order nothing.
about-payments = Stars that customers paid, newest first. A refund is a command: neurocards refund-payment CHARGE.
about-alerts = What you were told, open ones first; v shows the log, newest first. The filter narrows both: ERROR, job.id=7. Enter opens the job that a line names.
about-audit = Everything that was done by hand: in the console, by command or in the chat, by whom, and what was so before and after.
about-chat = You are the customer. Numbers press the bot's buttons, the newest first. Type and press Enter to write. A path to a picture sends it as a photo; Enter on an empty line sends a sample photo. Esc leaves.
about-job = One video: what it is, every step and call with its duration, credits and messages, and what happens next.
about-customer = One customer: orders, or with v every move of their credits. Enter opens the video.

## Columns

col-job = job
col-customer = customer
col-state = state
col-step = step
col-for = for
col-ordered = ordered
col-attempts = attempts
col-priority = prio
col-order = order
col-template = template
col-model = model
col-product = product
col-error = error
col-count = times
col-class = kind
col-last = last
col-first = first
col-rerun = again
col-examples = jobs
col-number = no
col-fingerprint = key
col-health = health
col-balance = balance
col-videos-left = videos left
col-running = running
col-10s = 10 s
col-success = success
col-change = in 24 h
col-trend = trend
col-asked = asked
col-why = why
col-done = done
col-failed = failed
col-seconds = usually
col-liked = liked
col-cost = per video
col-about = list price
col-length = length
col-id = id
col-credits = credits
col-held = held
col-orders = orders
col-videos = videos
col-language = lang
col-last-order = last order
col-since = since
col-price = price
col-when = when
col-move = what
col-by = who
col-note = why
col-stars = Stars
col-charge = charge
col-text = text
col-level = level
col-way = by
col-action = what
col-object = to what
col-before = before
col-after = after

## States, steps, blocks

status-queued = waiting
status-processing = at work
status-done = done
status-failed = failed
status-canceled = canceled
step-script = script
step-upload = upload
step-submit = submit
step-render = render
step-fetch = fetch
step-deliver = deliver
block-billing = no money
block-rate-limit = over its limit
block-operator = blocked by hand
sort-urgency = by urgency
sort-newest = newest first
sort-oldest = oldest first
sort-step = by step
sort-customer = by customer

## Empty lists

queue-empty = No video is being made.
queue-nothing-fits = Nothing fits. Looked at the newest { $n }; user:ID and order:ID look at all.
failures-none = Nothing failed in seven days.
keys-none = No key has served yet.
template-liked = Template { $template }: { $good } of { $rated } liked
models-none = No model is configured.
customers-none = Nobody by this name or number.
customer-no-orders = No orders yet.
customer-no-statement = No credits have moved yet.
payments-none = No payments yet.
alerts-none = You were told of nothing yet.
log-none = The log is empty.
audit-none = Nothing was done by hand yet.

## Keys and models

key-blocked = { $why }, free in { $span }
key-gone = not configured any more
key-free = serves
key-asking = being asked
key-no-balance = no balance: { $error }
model-on = on
model-paused = off at the provider, tried { $age }
model-off = off by hand for { $span }
model-ended = ended on { $day }
model-unknown = not in the catalogue

## Customers, payments, alerts

customer-banned = banned
customer-blocked = blocked the bot
customer-balance = { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
}, { $held } held
customer-counts = { $orders ->
    [one] { $orders } order
   *[other] { $orders } orders
}, { $videos ->
    [one] { $videos } video
   *[other] { $videos } videos
}, came { $since }
customer-orders = Orders
customer-statement = Statement
ledger-grant = given
ledger-taken = taken back
ledger-import = brought over
ledger-purchase = bought
ledger-hold = held
ledger-charge = spent
ledger-release = returned
ledger-repay = taken: refunded Stars
payment-paid = paid
payment-refunding = refund asked { $age }, not confirmed
payment-refunded = refunded { $age }
payment-owed = { $state }, { $n } owed
alerts-told = What you were told
alerts-log = The log, newest first
alert-open = open

## A job

job-facts = The video
job-timeline = What happened
job-customer = customer
job-order = order
job-rerun-of = again of
job-reruns = run again as
job-error = error
job-step = step
job-attempts = attempts
job-choice = choice
job-model = model
job-key = key
job-task = task
job-cost = cost
job-photo = photo
job-video = video
job-template = template
job-product = product
job-wishes = wishes
job-prompt = prompt
of-ledger = credits:
of-message = message:
of-submit = request:
next-ended = it ended { $age }, nothing more happens
next-running = { $step } has been running for { $span }
next-due = { $step } begins when its turn comes
next-due-at = { $step } begins { $age }
next-retry = { $step } is tried again { $age }; { $attempts } of { $most } attempts used
next-rendering = the provider has worked on it for { $span }; it is given up { $age }
next-telegram = on its way to Telegram for { $span } now
next-key = no key has money: it waits until one does
next-key-at = all keys are over their limits: the first is free { $age }
next-safe-mode = safe mode: it waits for "open all" (R)
next-paused = submits are held by hand: it waits for "open all" (R)

## What is stored in English

was-claimed = claimed
was-written = written
was-uploaded = photo uploaded
was-accepted = task accepted
was-orphan = task accepted too late, nobody waits for it
was-rendered = video made
was-fetched = video fetched
was-trouble = trouble
was-done = the customer has it
was-failed = failed
was-canceled = canceled
was-late = the video came after the refund
was-gift = the customer has it as a gift
was-no-gift = no video came after all
call-sending = no answer yet
call-accepted = accepted
call-refused = refused
call-lost = answer lost
call-unsent = not sent
message-pending = waiting
message-sent = sent
message-dropped = given up
message-text = text
class-violation = rules broken
class-words = unfit words
class-model-off = model off
class-download = photo not loaded
class-temporary = temporary
class-mistake = our mistake
class-unknown = unknown
class-unreached = not reached
class-timeout = took too long
class-undelivered = not delivered
class-no-photo = no photo
class-no-prompt = prompt too long
class-strikes = kept crashing
actor-bot = bot
actor-worker = program
actor-operator = operator
actor-welcome = welcome
way-command = command
way-console = console
way-chat = chat
deed-grant = grant
deed-retry = run again
deed-cancel = cancel
deed-hurry = run now
deed-raise = raise
deed-ban = ban
deed-unban = unban
deed-message = message
deed-block = block
deed-unblock = unblock
deed-ask = ask balance
deed-switch-on = switch on
deed-switch-off = switch off
deed-pause-selling = close selling
deed-pause-submitting = hold submits
deed-drain = drain
deed-resume = open all
deed-refund = refund Stars
deed-restore = restore
deed-import = import
said-selling = selling
said-both = selling and submits
said-served = may order
said-blocked = blocked
said-blocked-for = blocked for { $span }
said-blocked-why = blocked: { $why }
said-off = off
said-paused = off at the provider
said-open = open
said-closed = closed
said-selling-paused = selling closed
said-submitting-paused = submits held
said-safe-mode = safe mode
said-due-now = now
said-refused = Telegram refused
said-by-operator = by hand
said-at = at { $step }
said-credits = { $n ->
    [one] { $n } credit
   *[other] { $n } credits
}
said-canceled = canceled, { $n ->
    [one] { $n } credit
   *[other] { $n } credits
} back
said-refunded = Stars are back; { $n ->
    [one] { $n } credit
   *[other] { $n } credits
} taken, { $owed } owed
named-user = user { $id }
named-job = job { $id }
named-rerun = runs again as job { $id }
named-key = key { $id }
named-model = model { $id }
named-payment = payment { $id }
named-priority = priority { $id }
named-task = task { $id }
named-message = message { $id }
named-status = status of order { $id }
named-gift = gift of job { $id }
named-fail = bad news on order { $id }

## Overview

over-attention = Needs you
over-all-well = All is well: nothing needs you.
over-more = and { $n } more: see Alerts
over-day = The day
over-today = today
over-24h = 24 h
over-by-hour = by the hour
over-orders = orders
over-videos = videos
over-failed = failed
over-refunds = refunds
over-stars = Stars in
over-brought = credits earned
over-cost = provider cost
over-per-video = cost per video
over-success = success
over-wait = usual wait
over-queue = The queue
over-threads = { $busy } of { $threads } threads busy
over-queue-empty = Nothing waits.
over-oldest = oldest { $span }
over-steps = Steps, lately
over-median = median
over-services = Services
over-key-name = key
over-key = { $running } running, { $n ->
    [one] { $n } video left
   *[other] { $n } videos left
}
over-key-unknown = { $running } running, balance unknown
over-telegram = Telegram
over-inbox = Inbox
over-delay = usually { $span }
over-waiting = { $n } waiting, the oldest { $span }
over-nothing-waits = nothing waits
over-house = Housekeeping
over-database = database
over-backup = last backup
over-no-backup = none yet
over-disk = disk
over-disk-free = { $free } free of { $total }
over-uptime = running for
over-version = version
needs-safe-mode = The program died five times in a row right after its start: nothing has been sold or submitted for { $span }. Read the log (8, v), then open all (R).
needs-silent = The program is not running: its last sign of life was { $span } ago.
needs-stopped = The program is not running: it was stopped in order, or has not run yet.
needs-disk = The disk is nearly full: { $free } left.
needs-submitting = You have held submits for { $span }: what was sold waits (R opens).
needs-selling = You closed selling { $span } ago (R opens).
needs-key = Key { $key } is blocked: { $why }. It is free { $age }.
needs-key-operator = Key { $key } was blocked by hand.
needs-old-job = Video { $job } is { $span } old and still at { $step }.
needs-tickets = { $n ->
    [1] A question about a payment has waited { $span } for an answer
   *[other] { $n } questions about payments wait for an answer, the first for { $span }
}: neurocards tickets shows what they say.
needs-model-ended = The model { $model } is gone for good: take it out of [kie] models.
needs-model-off = You switched the model { $model } off { $span } ago.
needs-model-paused = The provider switched the model { $model } off; it is tried again { $age }.
needs-balance = Key { $key } has { $balance } credits left: { $n ->
    [one] one more video
   *[other] { $n } more videos
}.
needs-lost = { $n ->
    [one] One submit
   *[other] { $n } submits
} got no answer in 24 hours: the provider may have billed for it.
needs-dropped = Telegram refused { $n ->
    [one] one message
   *[other] { $n } messages
} in 24 hours: { $error }
closed-no-key = Nothing is sold: no key has money.
closed-no-model = Nothing is sold: no model serves.
closed-budget = Nothing is sold: the day's budget is spent.
closed-paused = Nothing is sold.

## Questions before a deed

ask-retry = Run { $n ->
    [one] this video
   *[other] these { $n } videos
} again ({ $jobs })? New videos are made at your cost; the customer gets them and pays nothing.
ask-retry-oldest = Run the oldest { $n } of { $of } videos again? New videos are made at your cost; the customers get them and pay nothing. The others: once more.
ask-cancel = Cancel { $n ->
    [one] one video
   *[other] { $n } videos
} ({ $jobs })? { $credits ->
    [0] No credits were held for it.
    [one] { $credits } credit goes back to the customer.
   *[other] { $credits } credits go back to the customers.
} { $rendering ->
    [0] { "" }
   *[other] The provider already works on { $rendering }: that is paid all the same.
}
ask-grant = Give { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} to customer { $user }? They are told. For the record: { $note }
ask-take = Take { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} back from customer { $user }? They are told. For the record: { $note }
ask-ban = Ban customer { $user }? They can order nothing more; what they ordered is finished. For the record: { $note }
ask-write = Send this to customer { $user }? "{ $text }"
ask-block = Block key { $key }? It gets no new videos until you unblock it; what renders with it is finished.
ask-switch-off = Switch the model { $model } off? The next one in the order serves.
ask-fails = NOTHING ELSE SERVES { $n ->
    [one] one video that waits: it fails
   *[other] { $n } videos that wait: they fail
}, and { $credits ->
    [one] { $credits } credit goes back
   *[other] { $credits } credits go back
}. Holding submits (S on the Overview) makes them wait instead.
ask-last = Nothing else serves: selling closes.
ask-promo = Make the promo code { $code }: { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} each, for { $uses ->
    [one] { $uses } customer
   *[other] { $uses } customers
}, without an end?
ask-promo-days = Make the promo code { $code }: { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} each, for { $uses ->
    [one] { $uses } customer
   *[other] { $uses } customers
}, for { $days ->
    [one] { $days } day
   *[other] { $days } days
}?
ask-pause-selling = Close selling? New orders are refused with a kind word; what was sold goes on.
ask-pause-submitting = Hold submits? What was sold waits before the provider, without using attempts; what renders is finished.
ask-drain = Drain? Selling is closed and submits are held; when nothing renders any more it is safe to stop.
ask-resume = Open everything: selling, submits, and leave safe mode?
ask-quit = Leave? The whole program stops with the console; the next start goes on with what is left.

## What was done

done-retry = { $n ->
    [one] One video runs again
   *[other] { $n } videos run again
}.
done-cancel = Canceled; { $credits ->
    [one] { $credits } credit
   *[other] { $credits } credits
} went back ({ $n ->
    [one] one video
   *[other] { $n } videos
}).
done-skipped = { $n ->
    [one] One was skipped
   *[other] { $n } were skipped
}: { $why }
done-hurry = { $n ->
    [one] It is
   *[other] { $n } videos are
} due now.
done-raise = { $n ->
    [one] It goes
   *[other] { $n } videos go
} before others now.
done-grant = Customer { $user } now has { $n ->
    [one] { $n } credit
   *[other] { $n } credits
}.
done-ban = Customer { $user } is banned.
done-unban = Customer { $user } may order again.
done-write = The message to { $user } is on its way.
done-promo = The code { $code } is made: customers write /promo { $code } to the bot.
done-broadcast = The draft is in the chat of administrator { $user }: choose there whom it is for, and send it.
done-block = Key { $key } is blocked.
done-unblock = Key { $key } serves again.
done-unblock-nothing = Key { $key } was not blocked.
done-ask = Key { $key }'s balance is being asked.
done-ask-later = Nothing runs: key { $key }'s balance is asked at the next start.
done-switch-on = { $model } is on.
done-switch-off = { $model } is off.
done-pause-selling = Selling is closed.
done-pause-submitting = Submits are held.
done-drain = Draining: nothing new begins.
done-resume = Everything is open.
done-copy = Copied: { $id }

## What was not done

refused-readonly = This console only looks: it was started with --readonly.
refused-no-job = There is no job { $job }.
refused-ended = Job { $job } has ended: r runs it again.
refused-still-runs = Job { $job } still runs: c cancels it.
refused-run-again = Job { $job } was run again before; by itself it can be once more.
refused-due = Job { $job } is due already: it waits for a thread.
refused-in-work = Job { $job } is being worked on this moment: look again in a while.
refused-not-ours = Job { $job } is with the provider or Telegram: nothing can be hurried.
refused-submits-held = Job { $job } waits because submits are held: R opens.
refused-top-priority = Job { $job } has the highest priority already.
refused-no-user = No customer { $user }: they have to write to the bot first.
refused-no-credits = 0 credits change nothing.
refused-too-much = { $n } credits at once are too many: up to { $most }.
refused-too-few = Customer { $user } has { $n ->
    [one] { $n } credit
   *[other] { $n } credits
}: { $wanted } cannot be taken back.
refused-no-words = The message is empty.
refused-too-long = The message is too long: { $n } characters.
refused-too-many = { $n } at once are too many: mark fewer.
refused-no-key = There is no key { $key }.
refused-no-model = No model { $model } is configured.
unclear-command = There is no command "{ $word }": Tab shows what there is.
unclear-words = "{ $word }" needs other words after it.
unclear-number = "{ $word }" is no number.
unclear-note = A reason is needed, for the record.
unclear-text = The message is missing.
unclear-key = Which key? Its number or fingerprint.
unclear-model = Which model?
unclear-filter = The filter: { $word }
filter-field = no "{ $word }:", only state, step, user, order, error, model, key
filter-empty = nothing after "{ $word }"
filter-state = no state "{ $word }": live, queued, processing, done, failed, canceled
filter-step = no step "{ $word }": script, upload, submit, render, fetch, deliver
filter-age = "{ $word }" is no age: write age>10m or age<2h, with s, m, h or d
filter-too-long = too long

## Chat

chat-welcome = You are a customer of this shop. Everything here is real but the services: the bot, the queue, the credits and the video, which ends up on your disk. Press 1 to begin.
chat-hint = number: press a button · type to write · empty Enter: a sample photo
chat-keys = 1-9 buttons  Enter send  PgUp scroll  Tab next screen  Esc leave
chat-you = you
chat-photo = photo
chat-video = video, { $seconds } s, { $frame }, { $size }
