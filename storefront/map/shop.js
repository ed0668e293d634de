// Asks the shop what the map shows, as the member of staff who is signed in.

const SESSION = "souk.session"; // where the sign-in page keeps it

/** `status` is 0 when nothing came back. */
export class Refused extends Error {
  constructor(status, why) {
    super(why);
    this.status = status;
  }
}

function token() {
  try {
    return JSON.parse(localStorage.getItem(SESSION) ?? "null")?.access ?? null;
  } catch {
    return null; // storing is forbidden here, so nobody is signed in
  }
}

async function ask(path, options = {}) {
  const answer = await fetch(path, options).catch((error) => { throw new Refused(0, error.message); });
  if (!answer.ok) throw new Refused(answer.status, `${answer.status} ${answer.statusText}`.trim());
  return answer.json();
}

function staff(path, method = "GET") {
  const access = token();
  if (!access) throw new Refused(401, "nobody is signed in");
  return ask(`/api/staff${path}`, { method, headers: { accept: "application/json", authorization: `Bearer ${access}` } });
}

export const readMap = () => ask("/map.json");
export const readFigures = async () => (await staff("/map/figures")).items;
export const readNews = async (limit) => (await staff(`/facts?limit=${limit}`)).items;
export const readStory = async (order) => (await staff(`/orders/${encodeURIComponent(order)}/timeline`)).items;
export const takeTicket = async () => staff("/map/tickets", "POST");
