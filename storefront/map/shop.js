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
export const readStory = async (order) => (await staff(`/orders/${encodeURIComponent(order)}/timeline`)).items;
export const takeTicket = () => staff("/map/tickets", "POST");
