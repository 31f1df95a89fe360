import type { Random } from "../../src/core/index.ts";
import { lines, pick, type SlotMakers } from "./grammar.ts";
import { card, email, fakeKey, firstName, fullName, iban, phone, street } from "./people.ts";

/** The shops whose support and operations the invented company Tallowbridge runs. */
export const SHOPS = ["Fernhill Outdoor", "Kettle & Crumb", "Wren Audio", "Pedalwise"] as const;

export const ITEMS = lines(`
  rain jacket
  down jacket
  hiking boots
  trail shoes
  two-person tent
  sleeping bag
  camping stove
  head torch
  trekking poles
  rucksack
  fleece
  dry bag
  espresso machine
  coffee grinder
  stand mixer
  chopping board
  cast iron pan
  electric kettle
  toaster
  enamel pot
  hand blender
  pasta roller
  headphones
  earbuds
  turntable
  bookshelf speakers
  soundbar
  bluetooth speaker
  phono cable
  portable radio
  bike helmet
  pannier bag
  floor pump
  bike light
  saddle
  pedals
  child seat
  bike lock
  handlebar grips
  rear rack
`);

export const CITIES = lines(`
  Leeds
  Bristol
  Cork
  Galway
  Utrecht
  Antwerp
  Graz
  Leipzig
  Bremen
  Lyon
  Nantes
  Porto
  Bergen
  Tampere
  Aarhus
  Malmo
  Ghent
  Turin
  Girona
  Brno
`);

const COLOURS = ["black", "navy", "forest green", "grey", "red", "mustard", "sand", "teal", "white", "rust"];
const SIZES = ["XS", "S", "M", "L", "XL", "38", "39", "41", "42", "43", "44", "46"];
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
// Customers look back from March, plans look ahead.
const PAST_MONTHS = ["December", "January", "February"];
const COMING_MONTHS = ["April", "May", "June"];
const CARRIERS = ["Northpost", "Quickmule", "ParcelKite", "the courier", "the carrier", "the postman"];
const SPANS = [
  "two days",
  "three days",
  "a week",
  "ten days",
  "almost two weeks",
  "nearly a month",
  "5 days",
  "9 days",
];

const orderNumber = (random: Random): string => {
  const digits = String(100000 + random.below(900000));
  const form = pick(["#", "", "FH-", "KC-", "WA-", "PW-", "nr ", "no. "], random);
  return `${form}${digits}`;
};
const amount = (random: Random): string => {
  const value = (5 + random.below(400)).toString();
  const cents = pick(["", ".00", ".50", ".90", ".95", ".99"], random);
  return pick(
    [`€${value}${cents}`, `${value}${cents} euros`, `£${value}${cents}`, `${value}${cents} EUR`],
    random,
  );
};
const code = (random: Random): string =>
  pick(["SPRING", "HELLO", "TRAIL", "CRUMB", "WREN", "RIDE", "MARCH", "WELCOME"], random) +
  String(pick([5, 10, 15, 20, 25], random));

const plural = (item: string): string => (item.endsWith("s") ? item : `${item}s`);

/** Slots that any template may use. */
export const SLOTS: SlotMakers = {
  item: (random) => pick(ITEMS, random),
  items: (random) => plural(pick(ITEMS, random)),
  order: orderNumber,
  city: (random) => pick(CITIES, random),
  colour: (random) => pick(COLOURS, random),
  size: (random) => pick(SIZES, random),
  day: (random) => pick(WEEKDAYS, random),
  date: (random) => `${1 + random.below(28)} ${pick(PAST_MONTHS, random)}`,
  later: (random) => `${1 + random.below(28)} ${pick(COMING_MONTHS, random)}`,
  carrier: (random) => pick(CARRIERS, random),
  span: (random) => pick(SPANS, random),
  shop: (random) => pick(SHOPS, random),
  number: (random) => String(2 + random.below(8)),
  time: (random) => `${8 + random.below(11)}:${pick(["00", "15", "30", "45"], random)}`,
  tag: (random) => String(1000 + random.below(9000)),
  key: fakeKey,
  amount,
  code,
  first: firstName,
  name: fullName,
  email: (random) => email(fullName(random), random),
  phone,
  card,
  iban,
  street,
};
