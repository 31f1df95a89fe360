import type { Plan } from "./draft.ts";
import { bookingSession } from "./task-booking.ts";
import { contactSession } from "./task-contacts.ts";
import { oneOffSession } from "./task-one-offs.ts";
import { redactionSession } from "./task-redaction.ts";
import { refundSession } from "./task-refund.ts";
import { regexSession } from "./task-regex.ts";
import { sqlSession } from "./task-sql.ts";
import { flagsSession, formSession, intentSession, ticketSession } from "./task-support.ts";
import { toolSession } from "./task-tools.ts";
import { replySession, summarySession } from "./task-writing.ts";

/** Everything the company's agents do in the two weeks. A form session makes three calls, a refund session four to seven. */
export const PLANS: readonly Plan[] = [
  { name: "intent", sessions: 1230, rhythm: "consumer", make: intentSession },
  { name: "ticket", sessions: 1150, rhythm: "office", make: ticketSession },
  { name: "flags", sessions: 900, rhythm: "consumer", make: flagsSession },
  { name: "form", sessions: 150, rhythm: "consumer", make: formSession },
  { name: "one-off", sessions: 530, rhythm: "flat", make: oneOffSession },
  { name: "tools", sessions: 420, rhythm: "office", make: toolSession },
  { name: "booking", sessions: 400, rhythm: "consumer", make: bookingSession },
  { name: "refund", sessions: 62, rhythm: "consumer", make: refundSession },
  { name: "redaction", sessions: 200, rhythm: "night", make: redactionSession },
  { name: "sql", sessions: 190, rhythm: "office", make: sqlSession },
  { name: "summary", sessions: 130, rhythm: "night", make: summarySession },
  { name: "reply", sessions: 120, rhythm: "office", make: replySession },
  { name: "contacts", sessions: 110, rhythm: "flat", make: contactSession },
  { name: "regex", sessions: 100, rhythm: "office", make: regexSession },
];
