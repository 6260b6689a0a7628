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

    Send a photo and a few words about the product, and in some minutes your clip is here.
welcome-gift = 🎁 { $n ->
    [one] { $n } credit is yours
   *[other] { $n } credits are yours
} for the first videos.
menu = What shall we make?
menu-make = 🎬 Make Reels
menu-cabinet = 👤 My account
menu-support = 🆘 Support
button-menu = 🏠 Back to the menu
button-support = 🆘 Write to support
button-cancel = ❌ Cancel
button-back = ⬅️ Change the number

## Terms

terms-ask = Before we begin, please read and accept the terms of the service.
terms-accept = ✅ I accept the terms
terms-read = 📄 Terms
terms-privacy = 🔒 Privacy
terms-none = There are no separate terms: credits pay for finished videos only, and for those that fail they come back by themselves.
terms-links = The terms and the privacy policy are behind the buttons below.

## An order, step by step

ask-photo = 📸 Send a photo of the product.

    Best is one product, large, in good light, with no people or faces in the frame, no famous characters or celebrities.
ask-photo-again = 📸 The earlier photo is gone. Send a new one, I remember what the product is.
wrong-photo-text = I need a photo of the product now. Send it as a picture or as a JPEG, PNG or WebP file.
wrong-photo-file = This file will not do. Send a photo of the product: as a picture or as a JPEG, PNG or WebP file.
wrong-photo-broken = I could not open this picture: the file seems damaged. Please send another photo.
wrong-photo-small = The photo is too small: { $width }×{ $height }. It needs at least 300×300 pixels, please send a larger one.
wrong-photo-large = The file is too large. Send a photo of up to 20 MB and 50 megapixels.
wrong-photo-trouble = I could not get the photo from Telegram. Please send it again.

ask-product = ✍️ What is the product? Write one message: its name, what is good about it and who needs it.

    3 to 1000 characters.
wrong-product = I need words about the product: 3 to 1000 characters, in one message.
wrong-product-long = That is { $n ->
    [one] { $n } character
   *[other] { $n } characters
}, and 1000 fit. Please shorten it a little and send it again.

ask-template = 🎭 What kind of video?

    🎥 <b>UGC blogger</b>: a real-looking person shares a find, as in a story.
    📢 <b>Ad</b>: a premium clip, the product close up, no people.
    🧑‍💻 <b>Own prompt</b>: your text goes to the model word for word.
template-self = 🧑‍💻 Own prompt
wrong-template = Choose the kind of video with a button under the message.

ask-prompt = 🧑‍💻 Send your prompt: 3 to { $max ->
    [one] { $max } character
   *[other] { $max } characters
}. It goes to the model unchanged; the model understands English best.
wrong-prompt = I need a prompt as text: 3 to { $max ->
    [one] { $max } character
   *[other] { $max } characters
}, in one message.

ask-wishes = 💡 Any wishes? A place, a mood, what to show: write one message.
button-no-wishes = No wishes
wrong-wishes = Write your wishes as text of up to 1000 characters, or press “No wishes”.

ask-count = 🎞 How many videos? Each will be different.

    Your balance: { $n ->
    [one] { $n } credit
   *[other] { $n } credits
}.
button-count-1 = 1️⃣ { $n } video ({ $credits })
button-count-3 = 3️⃣ { $n } videos ({ $credits })
button-count-5 = 5️⃣ { $n } videos ({ $credits })
wrong-count = Choose the number with a button under the message.
insufficient = 💳 <b>Not enough credits</b>

    Needed: { $need }. Your balance: { $have }.
    I kept your order: top up and go on from here.
button-topup = 💳 Top up
button-continue = ▶️ Go on with the order

confirm = 🧾 <b>Please check your order</b>

    Kind: { $template }
    Product: { $product }
    Videos: { $n }
    Cost: { $cost }
    Your balance: { $have }
    { $wait }

    Shall we start?
confirm-wait = Waiting time: usually about { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
confirm-wait-unknown = Waiting time: 1 to 30 minutes
button-confirm = ✅ Yes, start
wrong-confirm = Start the order or cancel it with the buttons under the message.

## The order

status-started = { $n ->
    [one] ✅ Got it! Your video is being made. It comes here as soon as it is ready.
   *[other] ✅ Got it! { $n } videos are being made. Each comes here as soon as it is ready.
}
status-done = { $n ->
    [one] 🎉 Your order is ready!
   *[other] 🎉 Your order is ready: { $ready } of { $n } videos.
}
status-failed = 😔 This order did not work out.
status-ready = { $ready } of { $n } ready.
status-wait = ⏱ It usually takes about { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
status-wait-unknown = ⏱ It takes 1 to 30 minutes.
line-queued = ⏳ in the queue, place { $place }
line-script = ✍️ writing the script
line-starting = 🚀 on its way to the model
line-rendering = 🎬 being generated
line-retrying = 🔁 a hiccup, trying again
line-sending = 📤 uploading to the chat
line-done = ✅ ready
line-failed = ↩️ did not work out
line-canceled = ✖️ canceled

video-ready = { $videos ->
    [one] ✅ Your video is ready!
   *[other] ✅ Your video is ready! ({ $ordinal } of { $videos })
}
video-link = The file is too large for Telegram, so here is a link: <a href="{ $url }">watch the video</a>. It lives for a day, please download it now.
button-watch = ⬇️ Download the video
button-again = 🔄 Another with this product

refund = ↩️ { $n ->
    [one] { $n } credit is back on your balance.
   *[other] { $n } credits are back on your balance.
}
fail-violation = 🚫 The rules of the model were broken: it refused to make { $n ->
    [one] this video
   *[other] these videos
}. Mostly it is the photo: people, faces, celebrities, famous characters or logos. Try another photo or other words.
fail-technical = 🛠 We have technical trouble and could not make the video. Write to support, we will help.
fail-overload = 🚦 Too many orders at the moment, the model cannot keep up. Please try again in a few minutes.
fail-model-off = 🌙 The model that makes the videos is closed for now. Please try later.
fail-temporary = 😔 The video could not be generated, though we tried several times. Try again, or write to support.
fail-no-photo = 📷 The photo for this video is not there. Please send it again.
fail-no-prompt = 📏 This prompt is too long for the model that serves now. Please shorten it and try again.
button-try-again = 🔁 Try again
button-new-photo = 📸 Take another photo

## Closed

closed-paused = 🌙 We are closed for a little while. Your credits are safe, please look in later.
closed-no-key = 🛠 We cannot make videos at the moment because of technical trouble. Your credits are safe, please look in later.
closed-no-model = 🌙 The model that makes the videos does not work at the moment. Your credits are safe, please look in later.
closed-budget = 🌙 That is all for today: we go on tomorrow. Your credits are safe.
closed-too-many = ✋ That was a lot of orders within an hour. Take a break and come back.
closed-banned = ✋ Orders are closed for this account. If that is a mistake, write to support.

## Account

cabinet = 👤 <b>My account</b>

    Balance: { $credits }
    Your id: <code>{ $id }</code>
cabinet-orders = Last orders:
cabinet-none = No orders yet.
order-line = No. { $id } · { $template } · { $state }
order-running = in work, { $ready } of { $n } ready
order-done = { $ready } of { $n } ready
order-failed = did not work out, the credits came back
button-language = 🇷🇺 Русский
language-set = Done, English from here on.

topup = 💳 <b>Top up</b>

    Write to support and give your id: <code>{ $id }</code>. I will tell you as soon as the credits are here.
topup-nobody = 💳 Topping up opens soon. Your id: <code>{ $id }</code>
granted = 🎁 Added to your balance: { $credits }. You now have { $balance }.
taken-back = Taken from your balance: { $credits }. You now have { $balance }.

support = 🆘 Write to us, we will help. Please give your id: <code>{ $id }</code>
support-nobody = 🆘 Support opens here soon. Your id: <code>{ $id }</code>
paysupport = 💳 A question about a payment? Write to us and give your id: <code>{ $id }</code>, we will sort it out.

help = ℹ️ How it works

    1. Press “Make Reels” and send a photo of the product.
    2. Tell me about the product and choose the kind of video.
    3. Choose how many and start: the videos come here by themselves.

    If a video does not work out, its credit comes back at once.

    /start: menu, /cancel: leave the order, /language: language, /help: this text.
canceled = All right, canceled. Your credits are untouched.
nothing-to-cancel = There is nothing to cancel: you are in the menu.
unknown-command = I do not know this command.
hint-menu = To make a video, press “Make Reels”.

## Short answers to buttons (up to 200 characters)

toast-stale = This button has had its time. Here is where we are.
toast-unknown = I do not know this button. Here is where we are.
toast-already = This order runs already 👌
toast-started = Starting!
toast-gone = This order is gone.

## For the operator

alert-billing = The KIE key { $key } is not accepted any more or has no money: { $error }. Top up the account; the key comes back by itself with a positive balance, or by <code>neurocards keys unblock</code>.
alert-billing-over = The KIE key { $key } works again.
alert-low-balance = The account of the KIE key { $key } is down to { $balance }: soon there will be nothing to make videos with.
alert-model-off = The provider has switched the model { $model } off: { $error }. Orders go to the next model; this one is tried again later.
alert-failed = Video { $job } failed, and its customer could not have mended it: { $error }
alert-gpt = GPT writes no scripts: { $error }. Videos are made with the built-in prompt.
alert-recovered = The appliance restarted against its will. Videos picked up: { $leases }; answers of the provider lost: { $lost }.
alert-undelivered = Telegram did not take a message for { $chat }: { $error }
