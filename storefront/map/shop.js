// Asks the shop what the map shows, as the member of staff who is signed in.
import { get, Trouble } from "/shop/api.js";
import { callSignedIn, session } from "/shop/visitor.js";

async function staff(path, method = "GET") {
  if (!session()) throw new Trouble(401);
  return (await callSignedIn(method, `/staff${path}`)).body;
}

export const readMap = () => get("/map.json");
export const readFigures = async () => (await staff("/map/figures")).items;
export const readNews = async (limit) => (await staff(`/facts?limit=${limit}`)).items;
/** What was said of an order and which states its workflow came to, as it happened. */
export async function readStory(order) {
  const path = `/orders/${encodeURIComponent(order)}`;
  const [facts, states] = await Promise.all([staff(`${path}/timeline`), readWorkflow(path)]);
  return [...facts.items, ...states].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** An order that is not placed yet has no workflow. */
async function readWorkflow(path) {
  try {
    const { items } = await staff(`${path}/workflow`);
    return items.map((entered, n) => ({ ...entered, after: items[n - 1]?.state }));
  } catch (trouble) {
    if (trouble.status !== 404) throw trouble;
    return [];
  }
}

export const takeTicket = () => staff("/map/tickets", "POST");
