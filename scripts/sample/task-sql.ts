import type { Random } from "../../src/core/index.ts";
import { LARGE, says, since, type Draft } from "./draft.ts";
import { chance, expand, lines, pick, type SlotMakers, type Slots } from "./grammar.ts";
import { capitalised } from "./voice.ts";
import { CITIES, SHOPS } from "./words.ts";

const SCHEMA = `CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT, joined_on DATE);
CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT, category TEXT, price_eur REAL, stock INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, shop TEXT, placed_on DATE, status TEXT, total_eur REAL);
CREATE TABLE order_lines (order_id INTEGER, sku TEXT, quantity INTEGER);
CREATE TABLE returns (id INTEGER PRIMARY KEY, order_id INTEGER, reason TEXT, refunded_eur REAL, created_on DATE);`;
const PROMPT = `Write one SQLite query that answers the question. Return the SQL only, no explanation.\n\n${SCHEMA}`;
const PROMPT_2 = `You write SQLite for the reporting desk of Tallowbridge. Return one query and nothing else; status is one of open, paid, shipped, cancelled.\n\n${SCHEMA}`;

const MAKERS: SlotMakers = {
  shop: (random) => pick(SHOPS, random),
  city: (random) => pick(CITIES, random),
  status: (random) => pick(["open", "paid", "shipped", "cancelled"], random),
  category: (random) => pick(["tents", "jackets", "kitchen", "audio", "bike parts", "lights"], random),
  reason: (random) => pick(["damaged", "wrong size", "not as described", "too late"], random),
  month: (random) => `2026-0${1 + random.below(3)}`,
  year: (random) => String(2020 + random.below(6)),
  n: (random) => String(pick([3, 5, 10, 20], random)),
  eur: (random) => String(pick([20, 50, 100, 150, 250, 500], random)),
};
// A question and its query share their slots.
const PAIRS = lines(`
  {how many orders|number of orders} {does $shop have|at $shop} {with status|that are} $status => SELECT COUNT(*) FROM orders WHERE shop = '$shop' AND status = '$status';
  {total|the total} {revenue|sales} of $shop in $month => SELECT SUM(total_eur) FROM orders WHERE shop = '$shop' AND strftime('%Y-%m', placed_on) = '$month';
  {list|show|give me} the {names of |}customers {from|in|living in} $city => SELECT name FROM customers WHERE city = '$city';
  {which|what} products {in|of category} $category {cost more than|are above} $eur euros => SELECT name FROM products WHERE category = '$category' AND price_eur > $eur;
  {top|the top|best} $n customers by {spending|total order value} => SELECT c.name, SUM(o.total_eur) AS total FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY total DESC LIMIT $n;
  {average|mean} {order value|basket} {per shop|by shop} {in $month|for $month} => SELECT shop, AVG(total_eur) FROM orders WHERE strftime('%Y-%m', placed_on) = '$month' GROUP BY shop;
  {products|articles} {that are |}{out of stock|with no stock} {in|from} $category => SELECT name FROM products WHERE category = '$category' AND stock = 0;
  {how many returns|count the returns} {because of|with reason} $reason {in|during} $month => SELECT COUNT(*) FROM returns WHERE reason = '$reason' AND strftime('%Y-%m', created_on) = '$month';
  {how much|what sum} {did we refund|was refunded} in $month => SELECT SUM(refunded_eur) FROM returns WHERE strftime('%Y-%m', created_on) = '$month';
  {customers|people} who {joined|signed up} {in|during} $year => SELECT name FROM customers WHERE strftime('%Y', joined_on) = '$year';
  {the|} $n most {sold|popular} products => SELECT p.name, SUM(l.quantity) AS sold FROM order_lines l JOIN products p ON p.sku = l.sku GROUP BY p.sku ORDER BY sold DESC LIMIT $n;
  {orders|which orders} {over|above|of more than} $eur euros {that are|with status} $status => SELECT id FROM orders WHERE total_eur > $eur AND status = '$status';
  {return reasons|reasons for returns} {by frequency|and how often} => SELECT reason, COUNT(*) AS times FROM returns GROUP BY reason ORDER BY times DESC;
  {customers|names of customers} {without|who never placed} an order => SELECT c.name FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL;
  {how many|number of} customers {per|in each} city {above|with more than} $n => SELECT city, COUNT(*) AS customers FROM customers GROUP BY city HAVING COUNT(*) > $n;
  {most expensive|dearest} product {in|of} $category => SELECT name FROM products WHERE category = '$category' ORDER BY price_eur DESC LIMIT 1;
  {last|latest|newest} $n orders {of|at} $shop => SELECT id, placed_on FROM orders WHERE shop = '$shop' ORDER BY placed_on DESC LIMIT $n;
  {units|how many units} of $category {sold|were sold} in $month => SELECT SUM(l.quantity) FROM order_lines l JOIN products p ON p.sku = l.sku JOIN orders o ON o.id = l.order_id WHERE p.category = '$category' AND strftime('%Y-%m', o.placed_on) = '$month';
  share of $status orders {at|for} $shop => SELECT 1.0 * SUM(status = '$status') / COUNT(*) FROM orders WHERE shop = '$shop';
  {stock value|what is our stock worth} {by|per} category => SELECT category, SUM(price_eur * stock) FROM products GROUP BY category;
`);

/** A question of the reporting desk and its query. */
export function sqlSession(at: Date, random: Random): Draft[] {
  const slots: Slots = new Map();
  const [question, query] = expand(pick(PAIRS, random), random, MAKERS, slots).split(" => ");
  const asked = question.replace(/\s+/g, " ").trim();
  const content = chance(0.5, random) ? `${capitalised(asked)}${pick(["?", "", "."], random)}` : asked;
  const version = since(6, at) ? 2 : 1;
  const messages = [
    { role: "system", content: version === 1 ? PROMPT : PROMPT_2 },
    { role: "user", content },
  ];
  // The first prompt did not forbid code fences, and got some.
  const isFenced = version === 1 && chance(0.15, random);
  const answer = says(isFenced ? `\`\`\`sql\n${query}\n\`\`\`` : query);
  const noise = isFenced ? ("fenced" as const) : null;
  return [
    {
      task: "report-sql",
      version,
      request: { model: LARGE, messages, temperature: 0 },
      answer,
      noise,
      waitMs: 0,
    },
  ];
}
