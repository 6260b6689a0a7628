# The bot's texts. Every message here is in ru.ftl, too. Markup: Telegram's HTML.
# Put your own into texts/en.ftl beside the configuration file: only the ones that you change.

credits = { $n ->
    [one] { $n } credit
   *[other] { $n } credits
}
videos = { $n ->
    [one] { $n } video
   *[other] { $n } videos
}

## Menu

welcome = 👋 Hi! I turn a photo of your product into short vertical videos for Reels, Shorts and TikTok.

    Press “🎬 Make Reels”, send a photo and a few words about the product, and the finished clip will arrive right here.
welcome-gift = { $n ->
    [one] 🎁 A gift for you: { $n } credit for your first video.
   *[other] 🎁 A gift for you: { $n } credits for your first videos.
}
menu = What shall we make?
menu-make = 🎬 Make Reels
menu-cabinet = 👤 My account
menu-support = 🆘 Support
button-menu = 🏠 Back to the menu
button-support = 🆘 Write to support
button-cancel = ❌ Cancel
button-back = ⬅️ Change the number

## Terms

terms-ask = 🎬 I make videos for Reels from a photo of your product. Before we begin, please read the terms of service and accept them with the button below.
terms-accept = ✅ I accept the terms
terms-read = 📄 Terms
terms-privacy = 🔒 Privacy
terms-none = There are no separate terms: credits are spent on finished videos only, and if a video doesn’t work out, they come back automatically.
terms-links = The terms and the privacy policy are behind the buttons below.

## An order, step by step

ask-photo = 📸 Send a photo of your product.

    What works best: one product, close up, in good light. No people or faces in the frame, no celebrities, no famous characters.
rule-no-people = 🙅 The AI we’re using right now doesn’t accept photos with people.
rule-vertical = 📱 A vertical photo works best: the video takes its shape.
ask-photo-again = 📸 The earlier photo has been deleted. Please send a new one – I still remember what the product is.
wrong-photo-text = Right now I need a photo of the product. Send it as a picture or as a file: JPEG, PNG, WebP.
wrong-photo-file = Thanks, but what I need is a photo of the product. Send it as a picture or as a file: JPEG, PNG, WebP.
wrong-photo-broken = I couldn’t open this picture: the file seems to be damaged. Please send another photo.
wrong-photo-small = The photo is too small: { $width }×{ $height }. Please send a larger one, at least 300×300 pixels.
wrong-photo-large = The file is too large. Please send a photo of up to 20 MB and 50 megapixels.
wrong-photo-long = The photo is too narrow: a strip like this won’t make a video. Please send an ordinary photo that shows the whole product.
wrong-photo-trouble = I couldn’t get the photo from Telegram. Please send it again.

ask-product = ✍️ What is the product? Tell me in one message: its name, what’s good about it and who it’s for.

    3 to 1000 characters.
wrong-product = Now I need a few words about the product: send them as text, in one message, 3 to 1000 characters.
wrong-product-long = That’s a bit long: { $n ->
    [one] { $n } character
   *[other] { $n } characters
}, and the limit is 1000. Please shorten it a little and send it again.

ask-template = 🎭 What kind of video?

    🎥 <b>UGC blogger</b> – an everyday person films a find on a phone, as if for a friend.
    📢 <b>Ad</b> – a striking clip: the product close up, no people.
    🧑‍💻 <b>Own prompt</b> – your text goes to the AI word for word.
template-self = 🧑‍💻 Own prompt
wrong-template = Please choose the kind of video with a button below.

ask-prompt = 🧑‍💻 Send your prompt in one message: 3 to { $max ->
    [one] { $max } character
   *[other] { $max } characters
}.

    It goes to the AI unchanged. English is what the AI understands best.
wrong-prompt = Now I need your prompt: send it as text, in one message, 3 to { $max ->
    [one] { $max } character
   *[other] { $max } characters
}.

ask-wishes = 💡 Any wishes? A place, a mood, what to show – tell me in one message.

    If not, press the button below.
button-no-wishes = No wishes
wrong-wishes = Write your wishes as text, up to 1000 characters, or press “No wishes”.

ask-change = ✏️ What shall I change? Tell me in one sentence of up to { $max } characters: “on a beach at sunset”, for example, or “no music”.

    Everything else stays as it was.
wrong-change = Tell me in one sentence what to change: 3 to { $max } characters.
ask-prompt-again = 🧑‍💻 Here is your prompt – tap it to copy it:

    <code>{ $prompt }</code>

    Edit it and send the whole prompt in one message: 3 to { $max ->
    [one] { $max } character
   *[other] { $max } characters
}.

ask-choice = ✨ Which option suits you?
choice-line = <b>{ $label }</b> – { $about }
choice-off = <b>{ $label }</b> – not available right now
button-choice = { $label } – { $credits }
button-other-choice = ⬅️ Another option
wrong-choice = Please choose an option with a button below.

ask-count = 🎞 How many videos? Each will be different.

    Your balance: { $n ->
    [one] { $n } credit
   *[other] { $n } credits
}.
button-count-1 = 1️⃣ { $n } video ({ $credits })
button-count-3 = 3️⃣ { $n } videos ({ $credits })
button-count-5 = 5️⃣ { $n } videos ({ $credits })
wrong-count = Please choose the number with a button below.
insufficient = 💳 <b>Not enough credits</b>

    Needed: { $need }. Your balance: { $have }.
    Your order is saved: top up and continue from here.
button-topup = 💳 Top up
button-continue = ▶️ Continue the order

# The wishes follow, where there are any: that is why the question comes first.
confirm = 🧾 <b>Please check your order – shall we start?</b>

    Kind: { $template }
    Product: { $product }
    Videos: { $n }
    Cost: { $cost }
    Your balance: { $have }
    { $wait }
confirm-wait = Waiting time: usually about { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
confirm-wait-unknown = Waiting time: 1 to 30 minutes
button-confirm = ✅ Yes, start
wrong-confirm = Does everything look right? Start the order or cancel it with a button below.

## The order

status-started = { $n ->
    [one] ✅ Got it! Your video is being made. It’ll arrive here as soon as it’s ready.
   *[other] ✅ Got it! { $n } videos are being made. Each will arrive here as soon as it’s ready.
}
status-done = { $n ->
    [one] 🎉 Your order is ready!
   *[other] 🎉 Your order is ready: { $ready } of { $n } videos.
}
status-failed = 😔 This order didn’t work out.
status-canceled = ✖️ This order is canceled.
status-ready = { $ready } of { $n } ready.
status-wait = ⏱ It usually takes about { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
status-left = ⏱ About { $minutes ->
    [one] { $minutes } more minute
   *[other] { $minutes } more minutes
} to go.
status-held = ⏸ We’re taking a short break. As soon as we’re back, your videos will go on in order.
button-take-back = ✋ Cancel what hasn’t started
status-wait-unknown = ⏱ It takes 1 to 30 minutes.
line-queued = ⏳ in the queue, place { $place }
line-script = ✍️ writing the script
line-starting = 🚀 sending it to the AI
line-rendering = 🎬 generating the video
line-retrying = 🔁 a small hiccup, trying again
line-sending = 📤 uploading to the chat
line-done = ✅ ready
line-failed = ❌ didn’t work out
line-canceled = ✖️ canceled

video-ready = { $videos ->
    [one] ✅ Your video is ready!
   *[other] ✅ Your video is ready! This is No. { $ordinal } of { $videos }.
}
video-link = The file is too large for Telegram, so here is a link: <a href="{ $url }">watch the video</a>. It works for one day – please download the video now.
video-link-only = We couldn’t send the file itself, so here is a link: <a href="{ $url }">watch the video</a>. Please download it now – the link won’t work forever.
# A video that nobody waited for any more: its credit came back before.
gift = { $videos ->
    [1] 🎁 Your video made it after all!
   *[other] 🎁 Your video No. { $ordinal } of { $videos } made it after all!
} The AI took so long that we had stopped waiting, and here it is. It’s a gift from us.
gift-credits = { $n ->
    [one] The { $n } credit that came back stays yours.
   *[other] The { $n } credits that came back stay yours.
}
button-watch = ⬇️ Download the video
button-again = 🔄 Make more with this product
button-same = 🔁 The same again
button-refine = ✏️ Refine
button-good = 👍
button-good-chosen = 👍 ✓
button-bad = 👎
button-bad-chosen = 👎 ✓
# Under a video that is sent once more: what it was.
film-about = <b>{ $template }</b>
    { $product }
video-link-again = I no longer have the file, but its link still works: <a href="{ $url }">watch the video</a>. It works for one day – please download the video now.

# The fail-… texts do without “back”, “returned”, “refund”: only the message refund says so.
refund = ↩️ { $n ->
    [one] { $n } credit is back on your balance.
   *[other] { $n } credits are back on your balance.
}
# The payment went back before, while the video was being made.
refund-repaid = Of these, { $n ->
    [one] { $n } credit was taken right away: the payment it was given for had been refunded.
   *[other] { $n } credits were taken right away: the payment they were given for had been refunded.
}
fail-violation = 🚫 This order breaks the AI’s rules, so it refused to make { $n ->
    [one] this video
   *[other] these videos
}. Usually it’s the photo: people, faces, celebrities, famous characters or other brands’ logos. Try another photo or change the text.
fail-words = 🚫 This video can’t be made: { $why }. Please describe the product differently and try again.
unfit-sexual = the text is too explicit
unfit-violence = there is violence in the text
unfit-hate = the text insults somebody
unfit-self-harm = the text speaks of self-harm
unfit-illicit = there is something forbidden in the text
unfit-other = the text breaks the AI’s rules
fail-technical = 🛠 We have a technical problem and couldn’t make the video. Write to support – we’ll help.
fail-overload = 🚦 There are too many orders right now, and the AI can’t keep up. Please try again in a few minutes.
fail-model-off = 🌙 The AI that makes the videos isn’t working for the moment. Please try a little later.
fail-temporary = 😔 I couldn’t generate the video, though I tried several times. Try again or write to support.
fail-once = 😔 The video didn’t work out in the time we allow it. Try again or write to support.
fail-no-photo = 📷 The photo for this video is gone. Please press the button below and send it again.
fail-no-prompt = 📏 Your prompt is too long for the AI that is working right now. Please shorten it and try again.
button-try-again = 🔁 Try again
button-new-photo = 📸 Send a new photo

## Closed

closed-paused = 🌙 We’re taking a short break. Your credits are safe – please check back a little later.
closed-no-key = 🛠 We can’t make videos right now because of a technical problem. Your credits are safe – please check back a little later.
closed-no-model = 🌙 The AI that makes the videos isn’t working right now. Your credits are safe – please check back a little later.
closed-budget = 🌙 That’s all for today, we’ll continue tomorrow. Your credits are safe.
closed-too-many = ✋ That was a lot of orders within an hour. Take a short break and try again.
closed-banned = ✋ Orders are closed for your account. If that’s a mistake, write to support.

## Account

cabinet = 👤 <b>My account</b>

    Balance: { $credits }
    Your ID: <code>{ $id }</code>
cabinet-held = 👤 <b>My account</b>

    Balance: { $credits }, and { $held } in the works
    Your ID: <code>{ $id }</code>
cabinet-orders = Latest orders:
cabinet-none = No orders yet.
order-line = No. { $id } · { $template } · { $state }
order-running = { $n ->
    [1] in progress
   *[other] in progress, { $ready } of { $n } ready
}
order-done = { $n ->
    [1] ready
   *[other] { $ready } of { $n } ready
}
order-failed = didn’t work out, refunded
order-canceled = canceled, refunded
order-waits = place { $place } in the queue, about { $minutes ->
    [one] { $minutes } more minute
   *[other] { $minutes } more minutes
}
order-waits-unknown = place { $place } in the queue
button-films = 🎞 My videos
films = 🎞 <b>My videos</b>

    Press any of them, and I’ll send it again.
films-none = 🎞 Your videos will be here. Shall we make the first one?
films-no-more = 🎞 Those were all your videos.
film-nth = no. { $n }
button-older = ⏪ Earlier
button-statement = 📜 Credit history
statement = 📜 <b>Credit history</b>

    Your balance now: { $credits }
statement-none = Nothing here yet.
move-purchase = { $moved } – purchase
move-order = { $moved } – order No. { $order }: { $n ->
    [one] { $n } video
   *[other] { $n } videos
}
move-open = { $n } still in the works
move-failed = { $moved } – back for order No. { $order }: { $n ->
    [one] { $n } video
   *[other] { $n } videos
} didn’t work out
move-canceled = { $moved } – back for order No. { $order }: { $n ->
    [one] { $n } video
   *[other] { $n } videos
} canceled
move-welcome = { $moved } – a gift for your first videos
move-refund = { $moved } – Stars refunded
move-invited = { $moved } – a gift: a friend invited you
move-invite = { $moved } – you invited a friend, thank you!
move-invite-back = { $moved } – your friend’s payment was refunded
move-bonus = { $moved } – a bonus for your first purchase
move-promo = { $moved } – promo code
move-import = { $moved } – your balance from before
move-import-back = { $moved } – for a video that could not be finished
move-gift = { $moved } – a gift
move-given = { $moved } – added by support
move-taken = { $moved } – taken back by support
move-left = { $moved } – lost when you deleted your data
button-language = 🇷🇺 Русский
language-set = Done, English from here on.

topup = 💳 <b>Top up</b>

    Your balance: { $have }. Choose a pack, and the credits arrive right after the payment.
button-pack = { $credits } – { $stars } ⭐ ({ $each } ⭐ a video)
button-pack-plain = { $credits } – { $stars } ⭐
invoice-title = { $credits }
invoice-about = Credits for your videos: they arrive right after the payment. The invoice is good for a day.
receipt = ⭐ Paid, thank you! Received: { $credits }. You now have { $balance }.
receipt-late = ⭐ We found your payment: Telegram didn’t tell us about it in time. Sorry for the wait! Received: { $credits }. You now have { $balance }.
receipt-order = Your order is waiting – shall we continue?
granted = 🎁 Added to your balance: { $credits }. You now have { $balance }.
taken-back = Support has taken { $credits } from your balance. You now have { $balance }.
refunded = ⭐ We’ve refunded you { $stars } Stars. Taken from your balance: { $credits }. You now have { $balance }.
refunded-nothing = ⭐ We’ve refunded you { $stars } Stars. Your balance is still { $balance }.
refunded-bonus = Of these, { $n ->
    [one] { $n } credit was our gift for your first purchase.
   *[other] { $n } credits were our gift for your first purchase.
}
refunded-held = { $n ->
    [one] { $n } more credit is in the works: if the video doesn’t work out, it won’t come back to your balance.
   *[other] { $n } more credits are in the works: if the videos don’t work out, they won’t come back to your balance.
}

from-support = 💬 <b>A message from support</b>

    { $text }
support = 🆘 Write to us – we’ll help. Please give your ID: <code>{ $id }</code>
support-nobody = 🆘 Support opens here soon. Your ID: <code>{ $id }</code>
paysupport = 💳 A question about a payment? Write to us and give your ID: <code>{ $id }</code> – we’ll sort it out.

help = ℹ️ <b>How it works</b>

    1. Press “🎬 Make Reels” and send a photo of the product.
    2. Tell me about the product and choose the kind of video.
    3. Choose how many and start: the videos will arrive right here.

    If a video doesn’t work out, its credit comes back at once.

    /start – menu
    /cancel – leave the order
    /invite – invite a friend
    /promo – enter a promo code
    /language – language
    /terms – terms
    /paysupport – a question about a payment
    /privacy – your data
    /delete_me – delete my data
    /help – this text
canceled = All right, canceled. Your credits are safe.
nothing-to-cancel = There’s nothing to cancel: you’re in the menu.
unknown-command = I don’t know this command.
hint-menu = To make a video, press “🎬 Make Reels” in the menu. A question? “🆘 Support” is there, too.

## Questions about payments, the customer’s data

ask-words = 💳 What happened with your payment? Tell me in one message – I’ll pass it on to support, and the answer will come right here.
ask-words-or-payment = 💳 What happened with your payment? Pick the payment, or just tell me in one message – I’ll pass it on to support, and the answer will come right here.
ask-payment = ⭐ { $stars } · { $credits } · { $day }
ask-about = { $payment }

    What’s wrong with this payment? Tell me in one message.
ask-wrong = I can only pass on text: please put it into words, in one message of 3 to 1000 characters.
ask-thanks = ✅ I’ve passed it on to support, your question is No. { $id }. The answer will come right here.
ask-enough = ✋ Support already has your questions, and the answers will come right here. You can ask a new one a little later, within a day at most.
ticket-answer = 💬 <b>The answer to your question No. { $id }</b>

    { $text }
button-ask-more = ✍️ Write again

privacy = 🔒 <b>Your data</b>

    We keep your name in Telegram, your language, photos and descriptions of products, prompts, videos and payments – to make videos and to answer your questions. Only the AI models that check your order, write the script and make the video get your photo and words; support reads your questions about payments. Older data is deleted automatically.

    You can have everything deleted at any time – with the button below.
button-leave = 🗑 Delete my data
leave-ask = 🗑 <b>Delete all of your data?</b>

    Your name, photos, descriptions, prompts, videos and the messages that we keep will be deleted. This can’t be undone.

    What stays is your Telegram account number and some figures: credits, payments, how many videos there were. Without them we couldn’t refund a payment if you ask, or tell a new account from a returning one. Backups keep the data until they are replaced, usually for a week.
leave-waiting = Videos that haven’t started will be canceled: { $n }.
leave-credits = ❗️ { $n ->
    [one] { $n } unused credit will be lost.
   *[other] { $n } unused credits will be lost.
}
button-leave-yes = 🗑 Yes, delete everything
leave-busy = ⏳ { $n ->
    [1] Your video is being made right now. Once it’s here, press the button below and we’ll delete everything.
   *[other] Your videos are being made right now: { $n }. Once they’re here, press the button below and we’ll delete everything.
}
left = ✅ Done, we no longer have any of your data. The messages in this chat are kept by Telegram – only you can delete them.

    If you’d like to come back, we’ll start from scratch.
left-before = ✅ Your earlier data is deleted. You’re with us again, so we’re starting from scratch.
button-anew = 👋 Start over
## Invitations and promo codes

invite = 👥 <b>Invite a friend</b>

    Here is your link. Share it with anyone who needs product videos:
    { $link }
invite-friend = { $n ->
    [one] 🎁 Your friend gets { $n } credit right away.
   *[other] 🎁 Your friend gets { $n } credits right away.
}
invite-inviter = { $n ->
    [one] 🎁 You get { $n } credit when your friend tops up for the first time.
   *[other] 🎁 You get { $n } credits when your friend tops up for the first time.
}
invite-so-far = { $n ->
    [one] { $n } person came by your link
   *[other] { $n } people came by your link
}; it brought you { $credits }.
invite-words = A photo of your product becomes a video for Reels. Have a look:
invite-thanks = { $n ->
    [one] 🎁 Your friend topped up, and { $n } credit is yours. Thank you! You have { $balance } now.
   *[other] 🎁 Your friend topped up, and { $n } credits are yours. Thank you! You have { $balance } now.
}
invite-back = { $n ->
    [one] Your friend’s payment was refunded, so your gift for the invitation went with it: { $n } credit. You have { $balance } now.
   *[other] Your friend’s payment was refunded, so your gift for the invitation went with it: { $n } credits. You have { $balance } now.
}
bonus = { $n ->
    [one] 🎁 Plus { $n } more credit, our gift for your first purchase – it’s already on your balance.
   *[other] 🎁 Plus { $n } more credits, our gift for your first purchase – they’re already on your balance.
}
button-invite = 👥 Invite a friend
button-share = 📨 Send the link
promo-how = 🎟 Got a promo code? Write it after the command, for example: <code>/promo SUMMER</code>
promo-given = { $n ->
    [one] 🎟 The code works: here is { $n } credit. You have { $balance } now.
   *[other] 🎟 The code works: here are { $n } credits. You have { $balance } now.
}
promo-already = 🎟 You have used this code already.
promo-over = 🎟 This code is no longer valid.
promo-unknown = 🎟 There is no such code. Please check it for a typo.
promo-guessing = 🎟 Too many tries. Please come back in an hour.

## Short answers to buttons (up to 200 characters)

toast-stale = This button no longer works – here’s where we are.
toast-unknown = I don’t know this button – here’s where we are.
toast-already = This order is already running 👌
toast-started = Starting!
toast-leaving = Deleting. I’ll let you know when it’s done.
toast-good = Thank you! I’m glad you like it 🙌
toast-bad = Thank you for telling me! Press “✏️ Refine” and we’ll fix it.
toast-taken-back = Canceled { $n ->
    [one] { $n } video
   *[other] { $n } videos
}. Back on your balance: { $credits }.
toast-taken-back-repaid = Canceled { $n ->
    [one] { $n } video
   *[other] { $n } videos
}. Back on your balance: { $credits }. Taken of it right away: { $repaid } – their payment had been refunded.
toast-nothing-left = There’s nothing left to cancel.
toast-order-gone = You have no such order.
toast-film = Here it comes 🎞
toast-film-gone = I no longer have this video. Let’s make a new one: “🎬 Make Reels” in the menu.
toast-invoice = The invoice is in the chat: pay it, and the credits arrive at once.
toast-prices = The prices have changed – here are the new ones.
toast-choice-off = This option isn’t available right now – please choose another.
toast-gone = This order is gone – here’s where we are.

## Before a payment (a window of Telegram’s: no markup, up to 255 characters)

checkout-foreign = This invoice was made for somebody else. Open your own: “👤 My account”, then “💳 Top up”.
checkout-over = This invoice is no longer valid. Open a new one: “👤 My account”, then “💳 Top up”.
checkout-paid = This invoice has been paid already. Need more credits? Open a new one: “👤 My account”, then “💳 Top up”.
checkout-changed = The price of this pack has changed. Open a new invoice: “👤 My account”, then “💳 Top up”.

## For the operator, about payments

alert-payment-unknown = Customer <code>{ $user }</code> paid { $stars } ⭐ for an invoice that we do not know. Credited at the smallest pack’s price: { $credits }. Please check; to give the money back: <code>neurocards refund-payment { $charge }</code>
alert-payment-amount = Customer <code>{ $user }</code> paid { $stars } ⭐, which is not what the invoice said. Credited at the smallest pack’s price: { $credits }. Please check; to give the money back: <code>neurocards refund-payment { $charge }</code>
alert-payment-foreign = Customer <code>{ $user }</code> paid { $stars } ⭐ for somebody else’s invoice. The payer got the credits: { $credits }. If it was a mistake, give the money back: <code>neurocards refund-payment { $charge }</code>
alert-payment-twice = Customer <code>{ $user }</code> paid one invoice twice, { $stars } ⭐ more. Credited once more: { $credits }. If they did not mean to, give the money back: <code>neurocards refund-payment { $charge }</code>
alert-payment-banned = Customer <code>{ $user }</code>, whom you banned, paid { $stars } ⭐. Credited: { $credits }. To give the money back: <code>neurocards refund-payment { $charge }</code>
alert-payment-unread = Telegram sent a payment or a refund that could not be read (update { $update }): { $error }. No credits were moved. The comparison with Telegram finds it within a day, and at once when the program is restarted.
alert-payment-unlisted = Telegram’s list of payments has { $n ->
    [one] a transaction
   *[other] { $n } transactions
} that this version cannot read (the first one: { $id }): { $error }. No credits were moved. Look at the bot’s transactions in Telegram; what is missing can be given with neurocards grant.
alert-payment-differs = Payment <code>{ $charge }</code> is not the same here and at Telegram. Telegram: { $theirs } ⭐ from <code>{ $payer }</code>; here: { $ours } ⭐ from <code>{ $user }</code>. Nothing was changed: check the customer’s balance and correct it with <code>neurocards grant</code>.
alert-refund-owed = Telegram gave { $stars } ⭐ back to customer <code>{ $user }</code>, and the credits for them have been spent, were lost with deleted data, or are held by videos in the works. Missing: { $owed }. What comes back of videos that do not work out is taken by itself; the balance did not go below zero, and there is nothing to do. Payment: <code>{ $charge }</code>
alert-refund-reward = Telegram gave { $stars } ⭐ back to a friend whom customer <code>{ $user }</code> had invited, and the reward for that has been spent or is held by videos in the works. Missing: { $owed }. What comes back of videos that do not work out is taken by itself; the friend owes nothing, and there is nothing to do. Payment: <code>{ $charge }</code>
alert-refund-unknown = Telegram gave payment <code>{ $charge }</code> back to customer <code>{ $user }</code>, and we do not have it. No credits were moved. If the database was restored from a backup, check the customer’s balance.

## For the operator

alert-billing = The KIE key { $key } is not accepted any more or has run out of money: { $error }. Top up the account: with a positive balance the key comes back by itself. To bring it back at once: <code>neurocards keys unblock N</code>, where N is the key’s number.
alert-billing-last = The KIE key { $key } is not accepted any more or has run out of money: { $error }. No other key works: selling is closed, and the credits for unfinished videos go back. Top up the account: with a positive balance the key comes back by itself, and selling opens.
alert-billing-over = The KIE key { $key } works again.
alert-no-money = The KIE key { $key }: credits left on the account: { $balance }, not enough for a video. Top up the account: the provider’s first refusal takes the key out of service, and orders go to the other keys.
alert-no-money-last = The KIE key { $key }: credits left on the account: { $balance }, not enough for a video, and no other key has money. Top up the account: otherwise selling closes as soon as the provider refuses, and customers get their credits back.
alert-low-balance = Credits left on the account of the KIE key { $key }: { $balance }. Top it up while there is still something to make videos with.
alert-low-balance-over = The account of the KIE key { $key } has been topped up; credits on it now: { $balance }.
alert-model-off = The provider has switched off the model { $model }: { $error }. Orders go to the next model; this one is tried again later.
alert-model-off-last = The provider has switched off the model { $model }: { $error }. There is no other: selling is closed, and the credits for unfinished videos go back. The model is tried again later, and selling opens by itself. To wait less, add another model to the settings (<code>[kie] models</code>) and restart the program.
alert-model-over = The model { $model } takes orders again.
alert-failed = Video No. { $job } failed, through no fault of the customer: { $error }
alert-lost = Video No. { $job }: the provider’s answer to its order did not arrive ({ $error }), and it may have been billed already. The video is ordered again while it has tries left. There is nothing to do; the console shows how many there were within a day.
alert-gpt = GPT isn’t writing scripts: { $error }. Videos are made with the built-in prompt.
alert-gpt-over = GPT writes scripts again.
alert-recovered = The program restarted in the middle of its work. Videos picked up: { $leases }, of these with the provider’s answer lost: { $lost }.
alert-key-gone = The KIE key { $key } left the settings while its tasks run: without it nobody can ask for their results. Put it back, or the credits for those videos go back to the customers.
alert-key-back = The KIE key { $key } is in the settings again.
alert-safe-mode = The program died right after its start five times in a row. Selling is closed, nothing new goes to the provider, what was sold waits. Look into logs/, then run <code>neurocards resume</code>.
alert-backup = No backup of the database could be made: { $error }. The next try is in an hour; to make one yourself: <code>neurocards backup FILE</code>.
alert-disk-low = The disk is nearly full: { $n } MB are left. Make room: a full disk stops the work, though nothing gets lost.
alert-disk-full = The disk was full: { $m ->
    [one] one write was
   *[other] { $m } writes were
} refused, and nothing is lost. { $n } MB are left now. Make more room.
alert-disk-over = The disk has room again.
alert-files = A photo or a video cannot be written to the data folder: { $error }. Customers are asked to send their photo again, and videos are fetched later. Check the disk, and the folder’s owner and permissions.
alert-files-over = Photos and videos can be written again.
alert-clock = The machine’s clock was set forward by { $n } min while the program was running. The program keeps the time it started with; restart it to take the new one.
alert-clock-back = The machine’s clock was set back by { $n } min while the program was running. The program keeps the time it started with; restart it to take the new one.
alert-clock-over = The machine’s clock and the program’s agree again.
alert-metrics = The metrics address cannot be opened: { $error }. The bot works as always, only there are no figures and no health check; it is tried again and again. See what else uses the address (<code>ss -ltnp</code>), or set another one: [metrics] listen.
alert-metrics-over = The metrics address is open.
alert-backup-over = The database has been backed up again.
alert-erase = The files of a customer who deleted their data cannot be removed: { $error }. Nobody else waits for that, and it is tried again and again. Check the disk, and who owns the folders photos/ and videos/ and may write to them.
alert-erase-over = The files of the customers who deleted their data are gone.
alert-undelivered = Telegram did not take a message for { $chat }: { $error }
alert-conflict-poller = Another program works with this bot’s token, and each of the two gets only some of the messages. Stop it, or give it a bot of its own; if it cannot be found, get a new token from @BotFather.
alert-conflict-webhook = Another program set a webhook for this bot and takes its messages. We remove the webhook ourselves, but stop that program: else it sets it again.
alert-token = Telegram does not accept BOT_TOKEN: the bot receives and sends nothing. Copy the token again from @BotFather (or a new one, if it was revoked), put it into the settings and restart neurocards.
alert-updates-over = All customer messages are coming in again.

## For the operator in the chat: the report, /stats, /queue

report-title = 📊 <b>{ $date }, summed up</b>
report-today = 📊 <b>Today</b>
report-no-orders = There were no orders.
report-orders = Orders: { $n }
report-videos = Finished videos: { $n }
report-failed = Videos that didn’t work out: { $n }
report-refunds = Refunds: { $n }
report-gifts = Late videos given as gifts: { $n }
report-stars = Paid: { $n } ⭐
report-credits = Came in: { $in }. Spent on videos: { $out }.
report-cost = Spent at the provider: { $n ->
    [one] { $n } KIE credit
   *[other] { $n } KIE credits
}
report-success = Videos that worked out: { $n }%
report-median = A video usually takes { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
report-key = 🔑 Key { $key }: { $n ->
    [one] { $n } KIE credit
   *[other] { $n } KIE credits
} left, enough for { $videos ->
    [one] { $videos } video
   *[other] { $videos } videos
}
report-key-unknown = 🔑 Key { $key }: the balance isn’t known yet
report-all-well = ✅ All is well, there’s nothing to do.
report-needs = ⚠️ <b>This needs you</b>

attention-safe-mode = • Safe mode: nothing is sold or submitted. Look into logs/, then run <code>neurocards resume</code>.
attention-disk = • { $n } MB are left on the disk.
attention-no-key = • Selling is closed: no KIE key has money.
attention-no-model = • Selling is closed: no model works.
attention-budget = • Selling is closed: the day’s spending has reached its limit.
attention-selling-paused = • Selling is closed by hand. To open it: <code>neurocards resume</code>.
attention-submitting-paused = • Submitting is paused by hand, orders wait. To go on: <code>neurocards resume</code>.
attention-key-billing = • Key { $key } doesn’t work: no money, or it isn’t accepted.
attention-key-limited = • Key { $key } is resting: too many requests.
attention-key-blocked = • Key { $key } is switched off by hand.
attention-old-job = • Video No. { $job } has been in the works for { $span }.
attention-tickets = • { $n ->
    [1] A question about a payment has waited { $span } for an answer
   *[other] { $n } questions about payments wait for an answer, the first for { $span }
}. To read: <code>neurocards tickets</code>, to answer: <code>/answer N text</code>.
attention-model-ended = • The provider has closed the model { $model }: take it out of the settings.
attention-model-off = • The model { $model } is switched off by hand.
attention-model-paused = • The provider has switched off the model { $model }; it is tried again in { $span }.
attention-low-balance = • Key { $key } runs low: { $n ->
    [one] { $n } KIE credit
   *[other] { $n } KIE credits
}. Please top it up.
attention-lost = • The provider gave no answer to { $n ->
    [one] { $n } request
   *[other] { $n } requests
} within a day: they may have been billed.
attention-dropped = • Telegram didn’t take { $n ->
    [one] { $n } message
   *[other] { $n } messages
} within a day.
attention-alert = • { $text }

queue-title = 📋 <b>Queue</b>
queue-empty = Empty: all videos are finished.
queue-line = { $step }: { $n }, the longest for { $span }
step-script = ✍️ Writing the script
step-upload = 🖼 Uploading the photo
step-submit = 📨 Waiting for the provider
step-render = 🎬 Being filmed
step-fetch = ⬇️ Downloading
step-deliver = 📤 On the way to the customer
span-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
span-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
span-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}

## For the operator: questions and broadcasts

ticket = 🎫 <b>Question No. { $id }</b> from <code>{ $user }</code>

    { $text }
ticket-payment = ⭐ { $stars } · credits: { $credits } · { $day }
    <code>{ $charge }</code>
ticket-payment-back = ⭐ { $stars } · credits: { $credits } · { $day } · refunded
    <code>{ $charge }</code>
ticket-no-payment = This customer has paid nothing so far.
ticket-how = Reply to this message – or write <code>/answer { $id } text</code>.

people = { $n ->
    [one] { $n } person
   *[other] { $n } people
}
mailing = 📣 <b>Broadcast No. { $id }</b>

    To: { $who } – { $people }
mailing-draft = The message above is exactly what people will get. Choose who is to get it.
mailing-sure = Recipients: { $n }. Really send it? It can’t be taken back.
mailing-running = 📤 Sent: { $sent } of { $total }. Messages go out when the bot has nothing else to send.
mailing-paused = ⏸ Paused. Sent: { $sent } of { $total }. The last few that were on their way still arrive.
mailing-stopped = ⏹ Stopped. Sent: { $sent } of { $total }.
mailing-done = ✅ Done. Sent: { $sent } of { $total }.
mailing-unreached = Not delivered: { $n }. Mostly these are people who have blocked the bot; we no longer write to them.
mailing-all = Everyone
mailing-payers = Who has paid
mailing-idle = { $n ->
    [one] No orders for { $n } day
   *[other] No orders for { $n } days
}
mailing-any = Any language
mailing-ru = in Russian
mailing-en = in English
mailing-long = The message has { $n } characters, and { $max } fit; Telegram counts most emoji as two. Shorten it and send it again.
mailing-markup = Telegram won’t take the markup of this message: { $error }. Correct it and send the message again.
button-mailing-test = 🧪 Send it to me again
button-mailing-go = 📤 Send
button-mailing-drop = 🗑 Don’t send
button-mailing-yes = ✅ Yes, send it
button-mailing-back = ⬅️ Back
button-mailing-pause = ⏸ Pause
button-mailing-on = ▶️ Go on
button-mailing-stop = ⏹ Stop
chat-answered = ✅ The answer is on its way to <code>{ $user }</code>.
chat-no-ticket = There is no question No. { $id }: check the number. Or its customer has had their data deleted.
chat-usage-answer = Write it like this: <code>/answer N text</code>, where N is the question’s number. Or just reply to the message with the question.
chat-usage-broadcast = Write the command and the text in one message: <code>/broadcast text</code>. The text may have several lines; the markup is HTML: <code>&lt;b&gt;bold&lt;/b&gt;</code>, <code>&lt;i&gt;italic&lt;/i&gt;</code>, <code>&lt;a href="https://…"&gt;a link&lt;/a&gt;</code>. I’ll show you first what it looks like.

## Answers to the operator’s commands

chat-help = 🛠 <b>You are the operator</b>, so you can do more:

    /stats – what today has brought
    /queue – what is in the works
    /grant ID N reason – give credits; with a minus, take them back
    /ban ID reason – take no more orders
    /unban ID – take orders again
    /answer N text – answer a question
    /broadcast text – write to everyone, or to many
chat-usage-grant = Write it like this: <code>/grant ID N reason</code>. For example <code>/grant 123456789 5 paid by card</code>; with a minus you take back.
chat-usage-ban = Write it like this: <code>/ban ID reason</code>. For example <code>/ban 123456789 spam</code>.
chat-usage-unban = Write it like this: <code>/unban ID</code>. For example <code>/unban 123456789</code>.
chat-granted = ✅ Done: <code>{ $user }</code> now has { $balance }.
chat-banned = ✅ Done: no more orders from <code>{ $user }</code>. What they ordered goes on.
chat-banned-already = <code>{ $user }</code> is banned already.
chat-unbanned = ✅ Done: <code>{ $user }</code> may order again.
chat-not-banned = <code>{ $user }</code> isn’t banned.
chat-no-user = I don’t know <code>{ $user }</code>: they have to write to the bot first. Their account shows the ID.
chat-no-credits = 0 credits change nothing.
chat-too-few = That can’t be taken back: <code>{ $user }</code> only has { $balance }.
