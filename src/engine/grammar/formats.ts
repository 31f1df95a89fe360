const HOUR_MINUTE = "([01]\\d|2[0-3]):[0-5]\\d";
const TIME = `${HOUR_MINUTE}:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]${HOUR_MINUTE})`;
const LEAP_YEAR = "(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
const DATE =
  "(\\d{4}-(((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01]))|((0[469]|11)-(0[1-9]|[12]\\d|30))|(02-(0[1-9]|1\\d|2[0-8])))" +
  `|${LEAP_YEAR}-02-29)`;
const OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = `${OCTET}(\\.${OCTET}){3}`;
const H16 = "[0-9A-Fa-f]{1,4}";
const LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?";
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const DOMAIN_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
const PCHAR = "([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
const HOST = "([A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})";

/** RFC 4291 with at most one `::`: so many groups before it, up to so many after. */
function ipv6(): string {
  const full = `(${H16}:){7}${H16}`;
  const shortened = [0, 1, 2, 3, 4, 5, 6, 7].map((before) => {
    const head = before === 0 ? ":" : `(${H16}:){${before}}`;
    const after = 7 - before;
    const tail = after === 0 ? "" : `(${H16}(:${H16}){0,${after - 1}})?`;
    return `${head}:${tail}`;
  });
  return [full, ...shortened].join("|");
}

/**
 * String formats as anchored patterns: no wider than what validators take (ajv-formats 3.0.1 in its full mode), and in places
 * narrower: capital T and Z in times, no leap seconds, no quoted local parts, no user names in URIs, host names of up to five
 * labels of 32. Null: any text.
 */
export const FORMATS: Readonly<Record<string, string | null>> = {
  date: `^${DATE}$`,
  time: `^${TIME}$`,
  "date-time": `^${DATE}T${TIME}$`,
  duration:
    "^P((\\d+W)|((\\d+Y(\\d+M)?(\\d+D)?|\\d+M(\\d+D)?|\\d+D)(T(\\d+H(\\d+M)?(\\d+S)?|\\d+M(\\d+S)?|\\d+S))?)" +
    "|T(\\d+H(\\d+M)?(\\d+S)?|\\d+M(\\d+S)?|\\d+S))$",
  email: `^${ATOM}(\\.${ATOM})*@(${DOMAIN_LABEL}\\.)+${DOMAIN_LABEL}$`,
  hostname: `^${LABEL}(\\.${LABEL}){0,4}$`,
  ipv4: `^${IPV4}$`,
  ipv6: `^(${ipv6()})$`,
  uri:
    `^[A-Za-z][A-Za-z0-9+.-]*:(//${HOST}+(:\\d{1,5})?(/${PCHAR}*)*|${PCHAR}+(/${PCHAR}*)*)` +
    `(\\?(${PCHAR}|[/?])*)?(#(${PCHAR}|[/?])*)?$`,
  uuid: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
  byte: "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
  password: null,
  binary: null,
};
