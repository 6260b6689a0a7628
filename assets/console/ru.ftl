# Слова консоли. Каждое сообщение есть и в en.ftl. Просто текст, коротко: в строке 80 знаков.

## Время и размеры

span-s = { " " }с
span-m = { " " }мин
span-h = { " " }ч
span-d = { " " }д
age-past = { $span } назад
age-future = через { $span }
age-now = сейчас
unit-kb = КБ
unit-mb = МБ
unit-gb = ГБ

## Рамка

too-small = Окно { $size }. Консоли нужно хотя бы 80x24: увеличьте окно или уменьшите буквы.
mode-demo = демо
mode-readonly = только смотреть
life-running = работает, пульс { $age }
life-silent = НЕ РАБОТАЕТ: последний пульс { $age }
life-stopped = не запущено
picture-age = снимку { $span }
trouble = база не читается
banner-safe-mode = БЕЗОПАСНЫЙ РЕЖИМ уже { $span }: не продаём и не отправляем
banner-selling = продажи закрыты { $span }
banner-submitting = отправка остановлена { $span }
banner-draining = завершаем: { $n ->
    [one] делается ещё { $n } видео
    [few] делаются ещё { $n } видео
   *[many] делаются ещё { $n } видео
}
banner-drained = завершено: ничего не делается, можно останавливать
note-frozen = заморожено: p снова покажет новое
note-follow = курсор на первой строке
note-filter = фильтр: { $filter }
note-marks = отмечено: { $n }
more-below = ниже ещё { $n }
nothing-there = С таким номером ничего нет.
line-filter = фильтр:
line-credits = кредиты (минус — забрать):
line-note = причина (останется в записи):
line-text = сообщение клиенту:
line-block = причина (можно пусто):
answer-yes = да (и д)
answer-no = нет (и Enter, Esc)
toasts-none = Пока ничего не делали.

## Вкладки

tab-overview = Обзор
tab-queue = Очередь
tab-failures = Сбои
tab-keys = Ключи
tab-models = Модели
tab-customers = Клиенты
tab-payments = Оплаты
tab-alerts = Сигналы
tab-audit = Аудит
tab-chat = Чат
tab-job = Видео
tab-customer = Клиент
short-failures = Сбои
short-customers = Люди
short-payments = Звёзды
short-alerts = Сигнал

## Клавиши

key-retry = повторить
key-cancel = отменить
key-hurry = сейчас
key-raise = вперёд
key-to-customer = клиент
key-block = блокировать
key-unblock = разблокировать
key-ask = спросить баланс
key-switch = вкл/выкл
key-credits = кредиты
key-ban = бан/снять
key-write = написать
key-turn = другая половина
key-pause-selling = закрыть продажи
key-pause-submitting = остановить отправку
key-drain = завершать
key-resume = открыть всё
key-in = открыть
key-out = назад
key-filter = фильтр
key-sort = порядок
key-follow = следить
key-mark = отметить
key-freeze = заморозить
key-copy = копировать номер
key-command = команда
key-toasts = что сделано
key-next-tab = дальше
key-previous-tab = предыдущий экран
key-up = вверх
key-down = вниз
key-page-up = на страницу вверх
key-page-down = на страницу вниз
key-top = в начало
key-bottom = в конец
key-quit = выйти
key-help = помощь
key-tabs = экран с этим номером

## Зачем экраны

about-overview = Всё дело одним взглядом: что ждёт вас, что пришло и сколько стоило у провайдера, где и как долго ждут видео, кто работает. Заглавные буквы закрывают и открывают: P — продажи, S — отправку провайдеру, D — то и другое (перед остановкой или обновлением), R открывает всё.
about-queue = Видео в работе, самые срочные сверху, и то, что закончилось за час. Фильтр понимает слова и state:failed, step:render, user:@anna, order:7, error:timeout, key:ab12, model:kling, age>10m; с фильтром ищем и среди старых. Отмеченное повторяют, отменяют, торопят и двигают вперёд вместе. «Сейчас» — не ждать времени повтора. «Вперёд» — раньше других.
about-failures = Что не получилось за семь дней, по видам. «Повторить» делает заново все видео группы, которые ещё никто не повторял, по одному в пять секунд, за ваш счёт; число видно до согласия. Enter покажет их по одному.
about-keys = Счета у провайдера. Ключ, на котором кончились деньги, вернётся сам, когда баланса снова хватит на видео (спрашиваем каждые десять минут), или когда вы его разблокируете. Если заблокировать ключ руками, его ожидающие видео уйдут к другим.
about-models = Модели по порядку: видео делает первая, которая работает. Отключённую провайдером попробуем снова сами; отключённая вами ждёт вас.
about-customers = Поиск по / : Telegram id или @имя; без фильтра — новые. Чтобы дать или забрать кредиты, нужна причина; клиент узнает. Забаненный клиент не может заказывать.
about-payments = Звёзды, которые заплатили клиенты, новые сверху. Возврат — командой: neurocards refund-payment CHARGE.
about-alerts = О чём вам сообщали, незакрытое сверху; v — журнал, новое сверху. Фильтр сужает оба: ERROR, job.id=7. Enter открывает видео, о котором строка.
about-audit = Всё, что сделано руками: в консоли, командой или в чате; кем, и что было до и после.
about-chat = Вы — клиент. Цифры нажимают кнопки бота, новые первыми. Пишите и жмите Enter. Путь к картинке отправит её как фото; Enter в пустой строке отправит фото-образец. Esc — выйти.
about-job = Одно видео: что это, каждый шаг и вызов с длительностью, кредиты и сообщения, и что будет дальше.
about-customer = Один клиент: заказы или, по v, каждое движение кредитов. Enter открывает видео.

## Столбцы

col-job = видео
col-customer = клиент
col-state = состояние
col-step = шаг
col-for = уже
col-ordered = заказано
col-attempts = попыток
col-priority = приор
col-order = заказ
col-template = шаблон
col-model = модель
col-product = товар
col-error = ошибка
col-count = раз
col-class = вид
col-last = последняя
col-first = первая
col-rerun = повт.
col-examples = видео
col-number = №
col-fingerprint = ключ
col-health = состояние
col-balance = баланс
col-videos-left = хватит на
col-running = в работе
col-10s = за 10 с
col-success = успех
col-change = за сутки
col-trend = ход
col-asked = спрошен
col-why = причина
col-done = готово
col-failed = сбоев
col-seconds = обычно
col-cost = за видео
col-about = по списку
col-length = длина
col-id = id
col-credits = кредиты
col-held = занято
col-orders = заказов
col-videos = видео
col-language = язык
col-last-order = заказывал
col-since = с нами
col-price = цена
col-when = когда
col-move = что
col-by = кто
col-note = причина
col-stars = звёзды
col-charge = платёж
col-text = текст
col-level = вид
col-way = как
col-action = что
col-object = с чем
col-before = было
col-after = стало

## Состояния, шаги, блокировки

status-queued = ждёт
status-processing = в работе
status-done = готово
status-failed = сбой
status-canceled = отменено
step-script = сценарий
step-upload = загрузка
step-submit = отправка
step-render = съёмка
step-fetch = приём
step-deliver = доставка
block-billing = нет денег
block-rate-limit = превышен лимит
block-operator = заблокирован вами
sort-urgency = по срочности
sort-newest = сначала новые
sort-oldest = сначала старые
sort-step = по шагам
sort-customer = по клиентам

## Пустые списки

queue-empty = Сейчас ничего не делается.
queue-nothing-fits = Ничего не подходит. Искали в { $n } новейших; user:ID и order:ID ищут во всех.
failures-none = За семь дней сбоев не было.
keys-none = Ни один ключ ещё не работал.
models-none = Ни одна модель не настроена.
customers-none = Никого с таким именем или номером.
customer-no-orders = Заказов ещё нет.
customer-no-statement = Кредиты ещё не двигались.
payments-none = Оплат ещё нет.
alerts-none = Вам ещё ни о чём не сообщали.
log-none = Журнал пуст.
audit-none = Руками ещё ничего не делали.

## Ключи и модели

key-blocked = { $why }, ещё { $span }
key-gone = убран из настроек
key-free = работает
key-asking = спрашиваем
key-no-balance = баланс неизвестен: { $error }
model-on = включена
model-paused = отключена у провайдера, попробуем { $age }
model-off = отключена вами { $span }
model-ended = закрыта { $day }
model-unknown = нет в каталоге

## Клиенты, оплаты, сигналы

customer-banned = забанен
customer-blocked = заблокировал бота
customer-balance = { $credits ->
    [one] { $credits } кредит
    [few] { $credits } кредита
   *[many] { $credits } кредитов
}, занято { $held }
customer-counts = { $orders ->
    [one] { $orders } заказ
    [few] { $orders } заказа
   *[many] { $orders } заказов
}, { $videos } видео, пришёл { $since }
customer-orders = Заказы
customer-statement = Выписка
ledger-grant = начислено
ledger-taken = забрано
ledger-purchase = куплено
ledger-hold = занято
ledger-charge = списано
ledger-release = возвращено
payment-paid = оплачено
payment-refunding = возврат запрошен { $age }, не подтверждён
payment-refunded = возвращено { $age }
alerts-told = О чём вам сообщали
alerts-log = Журнал, новое сверху
alert-open = открыт
alert-over = позади

## Видео

job-facts = О видео
job-timeline = Что было
job-customer = клиент
job-order = заказ
job-rerun-of = повтор
job-reruns = повторы
job-error = ошибка
job-step = шаг
job-attempts = попыток
job-model = модель
job-key = ключ
job-task = задача
job-cost = стоило
job-photo = фото
job-video = видео
job-template = шаблон
job-product = товар
job-wishes = пожелания
job-prompt = промпт
of-ledger = кредиты:
of-message = сообщение:
of-submit = отправка:
next-ended = закончилось { $age }, дальше ничего не будет
next-running = шаг «{ $step }» выполняется { $span }
next-due = шаг «{ $step }» начнётся, как только освободится поток
next-due-at = шаг «{ $step }» начнётся { $age }
next-retry = шаг «{ $step }» повторим { $age }; попыток { $attempts } из { $most }
next-rendering = провайдер снимает { $span }, крайний срок { $age }
next-telegram = на пути в Telegram { $span }
next-key = нет ключа с деньгами: ждём, пока появится
next-key-at = все ключи превысили лимит: первый освободится { $age }
next-safe-mode = безопасный режим: ждём «открыть всё» (R)
next-paused = отправка остановлена вами: ждём «открыть всё» (R)

## Обзор

over-attention = Ждёт вас
over-all-well = Ничего не ждёт: видео и деньги идут.
over-more = и ещё { $n }: смотрите «Сигналы»
over-day = День
over-today = сегодня
over-24h = сутки
over-by-hour = по часам
over-orders = заказы
over-videos = видео
over-failed = сбои
over-refunds = возвраты
over-stars = звёзд пришло
over-brought = кредитов принёс
over-cost = у провайдера
over-per-video = за одно видео
over-success = успех
over-wait = обычно ждут
over-queue = Очередь
over-threads = занято потоков: { $busy } из { $threads }
over-queue-empty = Ничего не ждёт.
over-oldest = самое старое { $span }
over-steps = Шаги за последнее время
over-median = обычно
over-services = Сервисы
over-key-name = ключ
over-key = в работе { $running }, хватит на { $n } видео
over-key-unknown = в работе { $running }, баланс неизвестен
over-telegram = Telegram
over-inbox = Входящие
over-delay = обычно { $span }
over-waiting = ждут { $n }, старейшее { $span }
over-nothing-waits = ничего не ждёт
over-house = Хозяйство
over-database = база
over-backup = последняя копия
over-no-backup = ещё не было
over-disk = диск
over-disk-free = свободно { $free } из { $total }
over-uptime = работает
over-version = версия
needs-safe-mode = Программа пять раз подряд упала сразу после запуска: уже { $span } ничего не продаём и не отправляем. Прочитайте журнал (8, v), потом откройте всё (R).
needs-silent = Программа не работает: последний признак жизни был { $span } назад.
needs-stopped = Программа не запущена: её остановили как положено, или она ещё не запускалась.
needs-disk = Диск почти полон: осталось { $free }.
needs-submitting = Вы остановили отправку { $span } назад: проданное ждёт (R откроет).
needs-selling = Вы закрыли продажи { $span } назад (R откроет).
needs-key = Ключ { $key } заблокирован: { $why }. Освободится { $age }.
needs-key-operator = Ключ { $key } заблокирован вами.
needs-old-job = Видео { $job } заказано { $span } назад и всё ещё на шаге «{ $step }».
needs-model-ended = Модель { $model } закрыта навсегда: уберите её из [kie] models.
needs-model-off = Вы отключили модель { $model } { $span } назад.
needs-model-paused = Провайдер отключил модель { $model }; попробуем { $age }.
needs-balance = На ключе { $key } осталось { $balance }: хватит ещё на { $n } видео.
needs-lost = Без ответа за сутки { $n ->
    [one] осталась { $n } отправка
    [few] остались { $n } отправки
   *[many] осталось { $n } отправок
}: провайдер мог взять за них деньги.
needs-dropped = Telegram не принял за сутки { $n ->
    [one] { $n } сообщение
    [few] { $n } сообщения
   *[many] { $n } сообщений
}: { $error }
closed-no-key = Не продаём: ни на одном ключе нет денег.
closed-no-model = Не продаём: ни одна модель не работает.
closed-budget = Не продаём: дневной бюджет потрачен.
closed-paused = Не продаём.

## Вопросы перед делом

ask-retry = Повторить { $n } видео ({ $jobs })? Новые сделаем за ваш счёт; клиент получит их и ничего не заплатит.
ask-retry-oldest = Повторить самые старые видео, { $n } из { $of }? Новые сделаем за ваш счёт; клиенты получат их и ничего не заплатят. Остальные — следующим разом.
ask-cancel = Отменить { $n } видео ({ $jobs })? { $credits ->
    [0] Кредиты за них не заняты.
    [one] Клиенту вернётся { $credits } кредит.
    [few] Вернутся { $credits } кредита.
   *[many] Вернутся { $credits } кредитов.
} { $rendering ->
    [0] { "" }
   *[other] Провайдер уже снимает { $rendering }: за это он возьмёт деньги всё равно.
}
ask-grant = Дать { $credits ->
    [one] { $credits } кредит
    [few] { $credits } кредита
   *[many] { $credits } кредитов
} клиенту { $user }? Он узнает. В записи: { $note }
ask-take = Забрать { $credits ->
    [one] { $credits } кредит
    [few] { $credits } кредита
   *[many] { $credits } кредитов
} у клиента { $user }? Он узнает. В записи: { $note }
ask-ban = Забанить клиента { $user }? Заказывать он больше не сможет; начатое доделаем. В записи: { $note }
ask-write = Отправить клиенту { $user }? «{ $text }»
ask-block = Заблокировать ключ { $key }? Новых видео он не получит, пока не разблокируете; начатое доделает.
ask-switch-off = Отключить модель { $model }? Видео возьмёт следующая по порядку.
ask-fails = БОЛЬШЕ НЕКОМУ делать { $n } видео, которые ждут: они не получатся, и { $credits ->
    [one] вернётся { $credits } кредит
    [few] вернутся { $credits } кредита
   *[other] вернётся { $credits } кредитов
}. Если остановить отправку (S в обзоре), они подождут.
ask-last = Больше делать некому: продажи закроются.
ask-pause-selling = Закрыть продажи? На новые заказы ответим вежливым отказом; проданное доделаем.
ask-pause-submitting = Остановить отправку? Проданное подождёт перед провайдером, попытки не тратятся; начатое доделаем.
ask-drain = Завершать? Продажи закроются, отправка остановится; когда ничего не будет делаться, можно останавливать программу.
ask-resume = Открыть всё: продажи, отправку, и выйти из безопасного режима?
ask-quit = Выйти? Вместе с консолью остановится вся программа; следующий запуск продолжит с того же места.

## Что сделано

done-retry = Повторяем { $n } видео.
done-cancel = Отменено { $n } видео, { $credits ->
    [one] вернулся { $credits } кредит
    [few] вернулись { $credits } кредита
   *[many] вернулось { $credits } кредитов
}.
done-skipped = Пропущено: { $n }. { $why }
done-hurry = Сейчас возьмём { $n } видео.
done-raise = Впереди других теперь { $n } видео.
done-grant = У клиента { $user } теперь { $n ->
    [one] { $n } кредит
    [few] { $n } кредита
   *[many] { $n } кредитов
}.
done-ban = Клиент { $user } забанен.
done-unban = Клиент { $user } снова может заказывать.
done-write = Сообщение для { $user } отправляется.
done-block = Ключ { $key } заблокирован.
done-unblock = Ключ { $key } снова работает.
done-unblock-nothing = Ключ { $key } и не был заблокирован.
done-ask = Спрашиваем баланс ключа { $key }.
done-ask-later = Программа не работает: баланс ключа { $key } спросим при следующем запуске.
done-switch-on = Модель { $model } включена.
done-switch-off = Модель { $model } отключена.
done-pause-selling = Продажи закрыты.
done-pause-submitting = Отправка остановлена.
done-drain = Завершаем: новое не начинается.
done-resume = Всё открыто.
done-copy = Скопировано: { $id }

## Что не сделано

refused-readonly = Эта консоль только смотрит: она запущена с --readonly.
refused-no-job = Видео { $job } нет.
refused-ended = Видео { $job } уже закончилось: r сделает его заново.
refused-still-runs = Видео { $job } ещё делается: c отменит его.
refused-run-again = Видео { $job } уже повторяли; по одному можно ещё раз.
refused-due = Видео { $job } и так на очереди: ждёт свободного потока.
refused-in-work = Видео { $job } сейчас в руках у потока: загляните чуть позже.
refused-not-ours = Видео { $job } у провайдера или в Telegram: поторопить нельзя.
refused-submits-held = Видео { $job } ждёт, потому что отправка остановлена: R откроет.
refused-top-priority = У видео { $job } и так высший приоритет.
refused-no-user = Клиента { $user } нет: сначала он должен написать боту.
refused-no-credits = 0 кредитов ничего не меняют.
refused-too-much = Сразу { $n } — слишком много кредитов: до { $most }.
refused-too-few = У клиента { $user } { $n ->
    [one] { $n } кредит
    [few] { $n } кредита
   *[many] { $n } кредитов
}: забрать { $wanted } нельзя.
refused-no-words = Сообщение пустое.
refused-too-long = Сообщение слишком длинное, знаков: { $n }.
refused-too-many = Сразу { $n } — слишком много: отметьте меньше.
refused-no-key = Ключа { $key } нет.
refused-no-model = Модель { $model } не настроена.
unclear-command = Команды «{ $word }» нет: Tab покажет, какие есть.
unclear-words = После «{ $word }» нужно другое.
unclear-number = «{ $word }» — не число.
unclear-note = Нужна причина: она останется в записи.
unclear-text = Нет самого сообщения.
unclear-key = Какой ключ? Номер или отпечаток.
unclear-model = Какая модель?
unclear-filter = Фильтр непонятен: { $word }

## Чат

chat-welcome = Вы — клиент этого магазина. Всё настоящее, кроме внешних сервисов: бот, очередь, кредиты и видео, которое окажется на вашем диске. Нажмите 1, чтобы начать.
chat-hint = цифра нажимает кнопку · пишите текст · Enter в пустой строке отправит фото-образец
chat-keys = 1-9 кнопки  Enter отправить  PgUp листать  Tab другой экран  Esc выйти
chat-you = вы
chat-photo = фото
chat-video = видео, { $seconds } с, { $frame }, { $size }
