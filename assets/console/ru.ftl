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

too-small = Окно { $size }. Консоли нужно хотя бы 80x24: увеличьте окно или уменьшите шрифт.
mode-demo = демо
mode-readonly = просмотр
life-running = работает, отклик { $age }
life-silent = НЕ РАБОТАЕТ, отклик { $age }
life-stopped = не запущена
picture-age = данные { $span } назад
trouble = база не читается
banner-safe-mode = БЕЗОПАСНЫЙ РЕЖИМ уже { $span }: не продаём и не отправляем
banner-selling = продажи закрыты уже { $span }
banner-submitting = отправка остановлена уже { $span }
banner-draining = доделываем: в работе ещё { $n } видео
banner-drained = всё доделано: программу можно останавливать
note-frozen = заморожено: p покажет новое
note-follow = курсор на первой строке
note-filter = фильтр: { $filter }
note-marks = отмечено: { $n }
more-below = ниже ещё { $n }
nothing-there = Под этим номером ничего нет.
line-filter = фильтр:
line-credits = кредиты (минус — забрать):
line-note = причина (останется в аудите):
line-text = сообщение клиенту:
line-block = причина (можно пусто):
answer-yes = да (или д)
answer-no = нет (или Enter, Esc)
toasts-none = Пока ничего не сделано.

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
short-payments = Касса
short-alerts = Вести
tight-overview = Обзор
tight-failures = Сбои

## Клавиши

key-retry = повторить
key-cancel = отменить
key-hurry = не ждать
key-raise = вперёд
key-to-customer = клиент
key-block = блокировать
key-unblock = разблокировать
key-ask = спросить баланс
key-switch = вкл/выкл
key-credits = кредиты
key-ban = бан/снять
key-write = написать
key-turn = другой список
key-pause-selling = закрыть продажи
key-pause-submitting = остановить отправку
key-drain = доделать и стоп
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

about-overview = Весь магазин одним взглядом: что требует вас, что пришло и сколько взял провайдер, где и как долго ждут видео, всё ли работает. Заглавные буквы закрывают и открывают: P — продажи, S — отправку провайдеру, D — то и другое (перед остановкой или обновлением), R открывает всё.
about-queue = Видео в работе, самые срочные сверху, и то, что закончилось за час. Фильтр понимает слова и state:failed, step:render, user:@anna, order:7, error:timeout, key:ab12, model:kling, age>10m; с фильтром ищем и среди старых. Отмеченное повторяют, отменяют, торопят и двигают вперёд вместе. «Не ждать» — взять сразу, не дожидаясь времени повтора. «Вперёд» — раньше других.
about-failures = Что не получилось за семь дней, по видам. «Повторить» заново делает все видео группы, которые ещё не повторяли: по одному в пять секунд, за ваш счёт; сколько их, скажем заранее. Enter покажет их по одному.
about-keys = Счета у провайдера. Ключ, на котором кончились деньги, вернётся сам, когда баланса снова хватит на видео (спрашиваем каждые десять минут), или когда вы его разблокируете. Если заблокировать ключ руками, его ожидающие видео уйдут к другим.
about-models = Модели по порядку: видео делает первая, которая работает. Отключённую провайдером попробуем снова сами; отключённая вами ждёт вас.
about-customers = Поиск по / : Telegram id или @имя; без фильтра — новые. Чтобы дать или забрать кредиты, нужна причина; клиент узнает. Забаненный клиент не может заказывать.
about-payments = Звёзды от клиентов, новые сверху. Возврат — командой: neurocards refund-payment CHARGE.
about-alerts = О чём вам сообщали, открытое сверху; v — журнал, новое сверху. Фильтр сужает оба: ERROR, job.id=7. Enter открывает видео, о котором строка.
about-audit = Всё, что сделано руками: в консоли, командой или в чате. Кто сделал, что было и что стало.
about-chat = Вы — клиент. Цифры нажимают кнопки бота, новые первыми. Пишите и жмите Enter. Путь к картинке отправит её как фото; Enter в пустой строке отправит фото-образец. Esc — выйти.
about-job = Одно видео: что это, каждый шаг и каждый запрос и сколько они заняли, кредиты, сообщения и что будет дальше.
about-customer = Один клиент: заказы или, по v, каждое движение кредитов. Enter открывает видео.

## Столбцы

col-job = видео
col-customer = клиент
col-state = состояние
col-step = шаг
col-for = уже
col-ordered = заказано
col-attempts = попыток
col-priority = приор.
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
col-liked = нравится
col-cost = за видео
col-about = по прайсу
col-length = длина
col-id = id
col-credits = кредиты
col-held = отложено
col-orders = заказов
col-videos = видео
col-language = язык
col-last-order = был заказ
col-since = впервые
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
step-fetch = скачивание
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
template-liked = Шаблон { $template }: нравится { $good } из { $rated }
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
model-paused = нет у провайдера, попробуем { $age }
model-off = отключена вами { $span }
model-ended = закрыта { $day }
model-unknown = нет в каталоге

## Клиенты, оплаты, сигналы

customer-banned = забанен
customer-blocked = бот заблокирован
customer-balance = { $credits ->
    [one] { $credits } кредит
    [few] { $credits } кредита
   *[many] { $credits } кредитов
}, отложено { $held }
customer-counts = { $orders ->
    [one] { $orders } заказ
    [few] { $orders } заказа
   *[many] { $orders } заказов
}, { $videos } видео, впервые { $since }
customer-orders = Заказы
customer-statement = Выписка
ledger-grant = начислено
ledger-taken = забрано
ledger-import = перенесено
ledger-purchase = куплено
ledger-hold = отложено
ledger-charge = списано
ledger-release = возвращено
ledger-repay = забрано: Stars вернули
payment-paid = оплачено
payment-refunding = возврат запрошен { $age }, не подтверждён
payment-refunded = возвращено { $age }
payment-owed = { $state }, долг { $n }
alerts-told = О чём вам сообщали
alerts-log = Журнал, новое сверху
alert-open = открыт

## Видео

job-facts = О видео
job-timeline = Что было
job-customer = клиент
job-order = заказ
job-rerun-of = повторяет
job-reruns = повторено в
job-error = ошибка
job-step = шаг
job-attempts = попыток
job-choice = выбрано
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
of-submit = запрос:
next-ended = закончилось { $age }, делать больше нечего
next-running = идёт шаг «{ $step }», уже { $span }
next-due = шаг «{ $step }» начнётся, как только дойдёт очередь
next-due-at = шаг «{ $step }» начнётся { $age }
next-retry = шаг «{ $step }» повторим { $age }; использовано попыток: { $attempts } из { $most }
next-rendering = провайдер снимает уже { $span }, крайний срок { $age }
next-telegram = отправляем в Telegram уже { $span }
next-key = ни на одном ключе нет денег: ждём
next-key-at = все ключи упёрлись в лимит: первый освободится { $age }
next-safe-mode = безопасный режим: ждём «открыть всё» (R)
next-paused = отправка остановлена вами: ждём «открыть всё» (R)

## Что записано по-английски

was-claimed = взято в работу
was-written = написан
was-uploaded = фото загружено
was-accepted = задача принята
was-orphan = задача принята поздно, видео её уже не ждёт
was-rendered = видео снято
was-fetched = видео скачано
was-trouble = не вышло
was-done = видео у клиента
was-failed = сбой
was-canceled = отменено
was-late = видео пришло после возврата
was-gift = видео подарено клиенту
was-no-gift = видео так и не пришло
call-sending = ждём ответа
call-accepted = принят
call-refused = отказ
call-lost = ответ потерялся
call-unsent = не ушёл
message-pending = ждёт отправки
message-sent = отправлено
message-dropped = не отправлено
message-text = текст
class-violation = нарушены правила
class-words = негодный текст
class-model-off = модель отключена
class-download = фото не загрузилось
class-temporary = временный сбой
class-mistake = ошибка программы
class-unknown = неизвестная ошибка
class-unreached = нет связи
class-timeout = слишком долго
class-undelivered = не доставлено
class-no-photo = нет фото
class-no-prompt = длинный промпт
class-strikes = падало на нём
actor-bot = бот
actor-worker = программа
actor-operator = оператор
actor-welcome = в подарок новому
way-command = команда
way-console = консоль
way-chat = чат
deed-grant = кредиты
deed-retry = повтор
deed-cancel = отмена
deed-hurry = не ждать
deed-raise = вперёд
deed-ban = бан
deed-unban = снят бан
deed-message = сообщение
deed-block = блокировка
deed-unblock = разблокировка
deed-ask = запрос баланса
deed-switch-on = включение
deed-switch-off = отключение
deed-pause-selling = закрыты продажи
deed-pause-submitting = стоп отправке
deed-drain = завершение
deed-resume = всё открыто
deed-refund = возврат Stars
deed-restore = восстановление
deed-import = перенос
said-selling = продажи
said-both = продажи и отправка
said-served = может заказывать
said-blocked = заблокирован
said-blocked-for = заблокирован на { $span }
said-blocked-why = заблокирован: { $why }
said-off = отключена
said-paused = отключена у провайдера
said-open = открыто
said-closed = закрыто
said-selling-paused = продажи закрыты
said-submitting-paused = отправка остановлена
said-safe-mode = безопасный режим
said-due-now = сейчас
said-refused = Telegram отказал
said-by-operator = вами
said-at = на шаге «{ $step }»
said-credits = { $n ->
    [one] { $n } кредит
    [few] { $n } кредита
   *[many] { $n } кредитов
}
said-canceled = отменено, { $n ->
    [one] вернулся { $n } кредит
    [few] вернулись { $n } кредита
   *[many] вернулось { $n } кредитов
}
said-refunded = Stars вернулись; { $n ->
    [one] забран { $n } кредит
    [few] забраны { $n } кредита
   *[many] забрано { $n } кредитов
}, не хватило { $owed }
named-user = клиент { $id }
named-job = видео { $id }
named-rerun = повтор — видео { $id }
named-key = ключ { $id }
named-model = модель { $id }
named-payment = платёж { $id }
named-priority = приоритет { $id }
named-task = задача { $id }
named-message = сообщение { $id }
named-status = статус заказа { $id }
named-gift = подарок, видео { $id }
named-fail = неудача в заказе { $id }

## Обзор

over-attention = Ждёт вас
over-all-well = Всё хорошо: вмешиваться не нужно.
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
over-brought = заработано
over-cost = расход у KIE
over-per-video = расход на видео
over-success = успех
over-wait = обычно ждут
over-queue = Очередь
over-threads = занято потоков: { $busy } из { $threads }
over-queue-empty = Ничего не ждёт.
over-oldest = дольше всех { $span }
over-steps = Шаги за последнее время
over-median = обычно
over-services = Сервисы
over-key-name = ключ
over-key = { $running } в работе, хватит на { $n } видео
over-key-unknown = в работе { $running }, баланс неизвестен
over-telegram = Telegram
over-inbox = Входящие
over-delay = обычно { $span }
over-waiting = ждут { $n }, дольше всех { $span }
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
needs-silent = Программа не работает: последний отклик был { $span } назад.
needs-stopped = Программа не запущена: её остановили как положено, или она ещё не запускалась.
needs-disk = Диск почти полон: осталось { $free }.
needs-submitting = Вы остановили отправку { $span } назад: проданное ждёт (R продолжит).
needs-selling = Вы закрыли продажи { $span } назад (R откроет).
needs-key = Ключ { $key } заблокирован: { $why }. Освободится { $age }.
needs-key-operator = Ключ { $key } заблокирован вами.
needs-old-job = Видео { $job } заказано { $span } назад и всё ещё на шаге «{ $step }».
needs-tickets = { $n ->
    [1] Вопрос об оплате ждёт ответа уже { $span }
    [one] { $n } вопрос об оплате ждёт ответа, первый — уже { $span }
    [few] { $n } вопроса об оплате ждут ответа, первый — уже { $span }
   *[many] { $n } вопросов об оплате ждут ответа, первый — уже { $span }
}: прочитать — neurocards tickets.
needs-model-ended = Модель { $model } закрыта навсегда: уберите её из [kie] models.
needs-model-off = Вы отключили модель { $model } { $span } назад.
needs-model-paused = Провайдер отключил модель { $model }; попробуем { $age }.
needs-balance = На ключе { $key } осталось { $balance }: хватит ещё на { $n } видео.
needs-lost = Без ответа за сутки { $n ->
    [one] осталась { $n } отправка
    [few] остались { $n } отправки
   *[many] осталось { $n } отправок
}: провайдер мог взять за это деньги.
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
    [0] Отложенных кредитов за них нет.
    [one] Вернётся { $credits } кредит.
    [few] Вернутся { $credits } кредита.
   *[many] Вернётся { $credits } кредитов.
} { $rendering ->
    [0] { "" }
   *[other] Провайдер уже снимает { $rendering } видео: деньги за это он всё равно возьмёт.
}
ask-grant = Дать { $credits ->
    [one] { $credits } кредит
    [few] { $credits } кредита
   *[many] { $credits } кредитов
} клиенту { $user }? Он узнает об этом. Причина: { $note }
ask-take = Забрать { $credits ->
    [one] { $credits } кредит
    [few] { $credits } кредита
   *[many] { $credits } кредитов
} у клиента { $user }? Он узнает об этом. Причина: { $note }
ask-ban = Забанить клиента { $user }? Заказывать он больше не сможет; начатое доделаем. Причина: { $note }
ask-write = Отправить клиенту { $user }? «{ $text }»
ask-block = Заблокировать ключ { $key }? Новых видео он не получит, пока не разблокируете; начатое доделает.
ask-switch-off = Отключить модель { $model }? Видео возьмёт следующая по порядку.
ask-fails = БОЛЬШЕ НЕКОМУ делать { $n } видео, которые ждут: они не получатся, и { $credits ->
    [one] вернётся { $credits } кредит
    [few] вернутся { $credits } кредита
   *[other] вернётся { $credits } кредитов
}. Если остановить отправку (S в обзоре), они подождут.
ask-last = Больше делать некому: продажи закроются.
ask-promo = Создать промокод { $code }: { $credits ->
    [one] { $credits } кредит
    [few] { $credits } кредита
   *[many] { $credits } кредитов
} каждому, { $uses ->
    [one] на { $uses } клиента
   *[many] на { $uses } клиентов
}, без срока?
ask-promo-days = Создать промокод { $code }: { $credits ->
    [one] { $credits } кредит
    [few] { $credits } кредита
   *[many] { $credits } кредитов
} каждому, { $uses ->
    [one] на { $uses } клиента
   *[many] на { $uses } клиентов
}, на { $days ->
    [one] { $days } день
    [few] { $days } дня
   *[many] { $days } дней
}?
ask-pause-selling = Закрыть продажи? На новые заказы ответим вежливым отказом; проданное доделаем.
ask-pause-submitting = Остановить отправку? Проданное подождёт перед провайдером, попытки не тратятся; начатое доделаем.
ask-drain = Доделать и остановиться? Продажи закроются, отправка остановится; когда в работе ничего не останется, программу можно останавливать.
ask-resume = Открыть всё — продажи и отправку — и выйти из безопасного режима?
ask-quit = Выйти? Вместе с консолью остановится вся программа; следующий запуск продолжит с того же места.

## Что сделано

done-retry = Повторяем { $n } видео.
done-cancel = Отменено { $n } видео, { $credits ->
    [one] вернулся { $credits } кредит
    [few] вернулись { $credits } кредита
   *[many] вернулось { $credits } кредитов
}.
done-skipped = Пропущено: { $n }. { $why }
done-hurry = Возьмём прямо сейчас: { $n } видео.
done-raise = Теперь впереди других: { $n } видео.
done-grant = У клиента { $user } теперь { $n ->
    [one] { $n } кредит
    [few] { $n } кредита
   *[many] { $n } кредитов
}.
done-ban = Клиент { $user } забанен.
done-unban = Клиент { $user } снова может заказывать.
done-write = Сообщение для { $user } отправляется.
done-promo = Промокод { $code } создан: клиенты пишут боту /promo { $code }.
done-broadcast = Черновик — в чате администратора { $user }: там выберите, кому его отправить, и отправьте.
done-block = Ключ { $key } заблокирован.
done-unblock = Ключ { $key } снова работает.
done-unblock-nothing = Ключ { $key } и не был заблокирован.
done-ask = Спрашиваем баланс ключа { $key }.
done-ask-later = Программа не работает: баланс ключа { $key } спросим при следующем запуске.
done-switch-on = Модель { $model } включена.
done-switch-off = Модель { $model } отключена.
done-pause-selling = Продажи закрыты.
done-pause-submitting = Отправка остановлена.
done-drain = Доделываем: новое не начинаем.
done-resume = Всё открыто.
done-copy = Скопировано: { $id }

## Что не сделано

refused-readonly = Эта консоль только смотрит: она запущена с --readonly.
refused-no-job = Видео { $job } нет.
refused-ended = Видео { $job } уже закончилось: r сделает его заново.
refused-still-runs = Видео { $job } ещё делается: c отменит его.
refused-run-again = Видео { $job } уже повторяли; по одному можно ещё раз.
refused-due = Видео { $job } и так на очереди: ждёт свободного потока.
refused-in-work = Видео { $job } делается прямо сейчас: загляните чуть позже.
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
unclear-words = «{ $word }» понимает другие слова: Tab подскажет.
unclear-number = «{ $word }» — не число.
unclear-note = Нужна причина: она останется в аудите.
unclear-text = Нет самого сообщения.
unclear-key = Какой ключ? Номер или отпечаток.
unclear-model = Какая модель?
unclear-filter = Фильтр: { $word }
filter-field = нет «{ $word }:», есть state, step, user, order, error, model, key
filter-empty = после «{ $word }» ничего нет
filter-state = нет состояния «{ $word }»: live, queued, processing, done, failed, canceled
filter-step = нет шага «{ $word }»: script, upload, submit, render, fetch, deliver
filter-age = «{ $word }» — не возраст: пишите age>10m или age<2h, можно s, m, h, d
filter-too-long = слишком длинный

## Чат

chat-welcome = Вы — клиент этого магазина. Всё настоящее, кроме внешних сервисов: бот, очередь, кредиты и видео, которое окажется на вашем диске. Нажмите 1, чтобы начать.
chat-hint = цифра: кнопка · пишите текст · Enter в пустой строке: фото-образец
chat-keys = 1-9 кнопки  Enter отправить  PgUp листать  Tab дальше  Esc выйти
chat-you = вы
chat-photo = фото
chat-video = видео, { $seconds } с, { $frame }, { $size }
