// Kinds of values that patterns name: people, home, work, money, health.
import { between, chance, pick, weighted } from "./draw.ts";
import { concept, integer, kindOf, listed, oneOf, type Concept } from "./concept.ts";
import { saidDate, saidDecimal, saidDuration, saidInteger, saidTime } from "./numbers.ts";
import {
  anything,
  capitals,
  code,
  emailAddress,
  LETTERS,
  madeUpTitle,
  message,
  personName,
  phone,
  strangeWord,
} from "./values.ts";

export const WORK_CONCEPTS: readonly (readonly [string, Concept])[] = [
  concept("anything", "value entity thing", anything),
  concept("event_name", "event title name summary", (s) =>
    weighted<() => string>(s.random, [
      [
        3,
        () =>
          pick(
            s.random,
            "dentist appointment|team meeting|lunch|yoga class|birthday party|board meeting|piano lesson|haircut|parent teacher conference|job interview|oil change|book club|doctor's appointment|soccer practice|standup|project review|wedding|happy hour|flight to paris|date night".split(
              "|",
            ),
          ),
      ],
      [
        1,
        () =>
          `${pick(s.random, s.lexicon.nouns)} ${pick(s.random, ["meeting", "review", "party", "lesson", "training", "workshop", "class", "appointment", "call"])}`,
      ],
      [
        1,
        () =>
          `${pick(s.random, s.lexicon.firstNames)}'s ${pick(s.random, ["birthday", "recital", "graduation", "game", "party"])}`,
      ],
      [1, () => madeUpTitle(s)],
    ])(),
  ),
  concept("person", "name contact recipient attendee full_name", personName),
  concept("first_name", "name", (s) => pick(s.random, s.lexicon.firstNames)),
  concept("date", "day when on_date due_date", (s) => saidDate(s.random, s.today), "date"),
  concept("time", "at start_time hour", (s) => saidTime(s.random), "time"),
  concept("duration", "length how_long", (s) => saidDuration(s.random), "minutes"),
  concept("topic", "subject about", (s) =>
    pick(s.random, [
      `the ${pick(s.random, s.lexicon.nouns)}`,
      `${pick(s.random, s.lexicon.adjectives)} ${pick(s.random, s.lexicon.nouns)}`,
      `${pick(s.random, s.lexicon.nouns)} ${pick(s.random, s.lexicon.nouns)}`,
    ]),
  ),
  concept(
    "room",
    "location area where",
    oneOf(
      "kitchen|bedroom|living room|bathroom|office|garage|hallway|basement|dining room|attic|nursery|guest room|porch|study|conference room|front yard",
    ),
  ),
  concept("todo", "task action what", (s) =>
    weighted<() => string>(s.random, [
      [
        2,
        () =>
          pick(
            s.random,
            "call mom|take out the trash|water the plants|pay the rent|pick up the kids|walk the dog|renew my passport|buy milk|feed the cat|submit the report|book the flights|clean the garage|return the library books|charge the car".split(
              "|",
            ),
          ),
      ],
      [3, () => `${pick(s.random, s.lexicon.verbs)} the ${pick(s.random, s.lexicon.nouns)}`],
      [
        1,
        () =>
          `${pick(s.random, s.lexicon.verbs)} ${pick(s.random, s.lexicon.firstNames)}'s ${pick(s.random, s.lexicon.nouns)}`,
      ],
    ])(),
  ),
  concept("item", "items product thing", (s) =>
    weighted<() => string>(s.random, [
      [2, () => listed("food.ingredient", 0)(s)],
      [1, () => kindOf("food")(s)],
      [1, () => pick(s.random, s.lexicon.nouns)],
      [1, () => pick(s.random, s.lexicon.lists.get("food.fruit") ?? [])],
    ])(),
  ),
  concept("list_name", "list", (s) =>
    pick(s.random, [
      "shopping",
      "grocery",
      "to do",
      "packing",
      "wish",
      "christmas",
      "camping",
      pick(s.random, s.lexicon.nouns),
      "weekend",
      "party",
    ]),
  ),
  concept("message", "text body content", message),
  concept("subject", "topic title", (s) =>
    pick(s.random, [
      `${pick(s.random, s.lexicon.adjectives)} ${pick(s.random, s.lexicon.nouns)}`,
      madeUpTitle(s),
      `${pick(s.random, s.lexicon.nouns)} ${pick(s.random, ["report", "update", "invoice", "question", "plan"])}`,
    ]),
  ),
  concept("app", "application platform service", (s) =>
    weighted<() => string>(s.random, [
      [2, () => pick(s.random, s.lexicon.lists.get("app.name") ?? [])],
      [
        2,
        () =>
          pick(
            s.random,
            "slack|whatsapp|gmail|instagram|facebook|zoom|teams|discord|dropbox|outlook|the vpn|the portal".split(
              "|",
            ),
          ),
      ],
      [1, () => capitals(strangeWord(s.random))],
    ])(),
  ),
  concept("email", "mail email_address contact_email", emailAddress),
  concept("phone", "number phone_number tel mobile", (s) => phone(s.random)),
  concept("work_place", "location", oneOf("home|work|the office|school|the hotel")),
  concept("color", "colour shade", listed("color.human", 0)),
  concept("degrees", "temperature value", integer(50, 90), "integer"),
  concept("device", "device_name equipment", (s) =>
    weighted<() => string>(s.random, [
      [
        2,
        () =>
          oneOf(
            "tv|printer|laptop|router|phone|fan|heater|camera|speaker|coffee maker|monitor|tablet|projector|scanner",
          )(s),
      ],
      [1, () => kindOf("machine")(s)],
    ])(),
  ),
  concept(
    "appliance",
    "machine device",
    oneOf("dishwasher|washing machine|dryer|oven|vacuum|sprinklers|microwave|air purifier|robot|humidifier"),
  ),
  concept("product", "item product_name article", (s) =>
    weighted<() => string>(s.random, [
      [2, () => kindOf("garment")(s)],
      [1, () => kindOf("furniture")(s)],
      [2, () => listed("commerce.product_name.product", 0)(s).toLowerCase()],
      [1, () => kindOf("tool")(s)],
      [1, () => pick(s.random, s.lexicon.nouns)],
    ])(),
  ),
  concept("material", "fabric made_of", listed("commerce.product_name.material", 0)),
  concept("code", "id number reference identifier", (s) => code(s.random)),
  concept("reason", "why cause", (s) =>
    pick(s.random, [
      `it is too ${pick(s.random, s.lexicon.adjectives)}`,
      `it was ${pick(s.random, s.lexicon.adjectives)}`,
      "i changed my mind",
      "it doesn't fit",
      "it broke",
      "i found it cheaper",
      `the ${pick(s.random, s.lexicon.nouns)} is missing`,
    ]),
  ),
  concept(
    "problem",
    "issue defect",
    oneOf(
      "broken|damaged|the wrong size|missing a part|the wrong color|not working|scratched|late|leaking|expired|too small",
    ),
  ),
  concept(
    "resolution",
    "wanted outcome",
    oneOf("a refund|a replacement|my money back|an exchange|store credit|a new one"),
  ),
  concept(
    "account",
    "account_type from",
    oneOf("checking|savings|credit card|joint|business|visa|debit card|retirement|mastercard"),
  ),
  concept(
    "bill",
    "bill_type payee",
    oneOf("electric|water|phone|internet|gas|rent|credit card|cable|insurance|trash"),
  ),
  concept(
    "number",
    "amount value quantity",
    ({ random }) => (chance(random, 0.6) ? saidInteger(random, 1, 5000) : saidDecimal(random)),
    "number",
  ),
  concept("currency", "currency_name unit", (s) =>
    weighted<() => string>(s.random, [
      [2, () => oneOf("dollars|euros|pounds|yen|usd|eur|gbp|jpy|rupees|pesos|francs|won")(s)],
      [1, () => listed("finance.currency", 0)(s)],
    ])(),
  ),
  concept("ticker", "symbol stock company", (s) =>
    chance(s.random, 0.5)
      ? Array.from({ length: between(s.random, 2, 4) }, () => pick(s.random, LETTERS)).join("")
      : capitals(strangeWord(s.random)),
  ),
  concept("department", "team division category", listed("commerce.department", 0.03)),
  concept("priority", "urgency severity", oneOf("high|low|medium|urgent|critical|p1|p2|normal")),
  concept("problem_text", "summary description issue", (s) =>
    pick(s.random, [
      `the ${pick(s.random, s.lexicon.nouns)} does not ${pick(s.random, s.lexicon.verbs)}`,
      `${pick(s.random, s.lexicon.adjectives)} ${pick(s.random, s.lexicon.nouns)} in the ${pick(s.random, s.lexicon.nouns)}`,
      pick(s.random, s.lexicon.sentences),
    ]),
  ),
  concept("failure", "symptom problem", (s) =>
    pick(s.random, [
      "turn on",
      "charge",
      "connect",
      "print",
      "start",
      "boot",
      "update",
      pick(s.random, s.lexicon.verbs),
    ]),
  ),
  concept("error", "error_code message", (s) =>
    pick(s.random, [
      `error ${between(s.random, 100, 999)}`,
      `${between(s.random, 400, 599)}`,
      `"${pick(s.random, s.lexicon.nouns)} not found"`,
      code(s.random),
    ]),
  ),
  concept(
    "status",
    "state",
    oneOf("open|closed|pending|resolved|blocked|in progress|done|duplicate|won't fix"),
  ),
  concept(
    "version",
    "release tag",
    ({ random }) =>
      `${pick(random, ["", "v"])}${between(random, 0, 12)}.${between(random, 0, 30)}${chance(random, 0.5) ? `.${between(random, 0, 20)}` : ""}`,
  ),
  concept("environment", "env target", oneOf("production|staging|dev|test|prod|qa|the sandbox")),
  concept("symptom", "complaint condition", (s) =>
    weighted<() => string>(s.random, [
      [
        2,
        () =>
          oneOf("headache|sore throat|fever|back pain|cough|rash|toothache|stomach ache|earache|cold|flu")(s),
      ],
      [1, () => kindOf("symptom")(s)],
    ])(),
  ),
  concept("relative", "who patient", oneOf("son|daughter|mother|father|wife|husband|dog|grandmother")),
  concept(
    "distance",
    "length amount",
    ({ random }) =>
      `${between(random, 1, 40)} ${pick(random, ["miles", "km", "laps", "kilometers", "minutes"])}`,
  ),
  concept(
    "exercise",
    "activity sport",
    oneOf("running|swimming|cycling|rowing|walking|yoga|hiking|weights|boxing|skiing"),
  ),
  concept(
    "weight",
    "value",
    ({ random }) => `${between(random, 40, 260)} ${pick(random, ["pounds", "kg", "lbs"])}`,
  ),
  concept("meal", "occasion", oneOf("breakfast|lunch|dinner|a snack|brunch")),
  concept("medicine", "drug medication", (s) => kindOf("medicine")(s)),
  concept(
    "dose",
    "dosage strength",
    ({ random }) =>
      `${pick(random, [5, 10, 20, 50, 100, 250, 500])} ${pick(random, ["mg", "ml", "milligrams", "tablets"])}`,
  ),
  concept(
    "frequency",
    "how_often repeat",
    oneOf("daily|twice a day|every morning|every 8 hours|before bed|weekly|every other day|with meals"),
  ),
  concept("job", "job_title role position occupation", (s) =>
    weighted<() => string>(s.random, [
      [
        2,
        () =>
          `${pick(s.random, s.lexicon.lists.get("person.job_area") ?? [])} ${pick(s.random, s.lexicon.lists.get("person.job_type") ?? [])}`.toLowerCase(),
      ],
      [2, () => kindOf("worker")(s)],
      [1, () => pick(s.random, s.lexicon.lists.get("person.bio_part") ?? [])],
    ])(),
  ),
  concept("course", "class course_name subject", (s) =>
    weighted<() => string>(s.random, [
      [
        2,
        () =>
          `${pick(s.random, ["Intro to ", "Advanced ", "", "Topics in "])}${capitals(pick(s.random, s.lexicon.nouns))}`,
      ],
      [
        2,
        () =>
          `${pick(s.random, ["EECS", "MATH", "BIO", "HIST", "CS", "PHYS", "ENGL", "STATS"])} ${between(s.random, 100, 699)}`,
      ],
      [1, () => kindOf("science")(s)],
    ])(),
  ),
  concept("term", "semester", oneOf("fall|spring|summer|winter|next semester|fall 2026|spring term")),
  concept("pet", "animal species", (s) =>
    chance(s.random, 0.5) ? listed("animal.type", 0)(s) : listed("animal.dog", 0)(s).toLowerCase(),
  ),
  concept(
    "pet_service",
    "service need",
    oneOf("checkup|bath|rabies shot|walk|new collar|haircut|sitter|vaccination"),
  ),
  concept("small", "number count amount", integer(1, 12), "integer"),
];
