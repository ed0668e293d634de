// The requests of the live map, sent as the signed-in member of staff.
import { get, RequestError } from "/shop/api.js";
import { callSignedIn, currentSession } from "/shop/session.js";

async function callStaff(path, method = "GET") {
  if (!currentSession()) throw new RequestError(401);
  return (await callSignedIn(method, `/staff${path}`)).body;
}

export const loadMap = () => get("/map.json");
export const loadQueueDepths = async () => (await callStaff("/queues")).items;
export const loadRecentEvents = async (limit) => (await callStaff(`/events?limit=${limit}`)).items;
export const issueTicket = () => callStaff("/live-feed/tickets", "POST");

/** The order's events and the workflow states it entered, in order of time. */
export async function loadOrderSteps(orderId) {
  const path = `/orders/${encodeURIComponent(orderId)}`;
  const [events, states] = await Promise.all([callStaff(`${path}/timeline`), loadWorkflowStates(path)]);
  return [...events.items, ...states].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Each entered state with the name of the `previous` one. A new order has no workflow yet. */
async function loadWorkflowStates(path) {
  try {
    const { items } = await callStaff(`${path}/workflow`);
    return items.map((entered, n) => ({ ...entered, previous: items[n - 1]?.state }));
  } catch (error) {
    if (error.status !== 404) throw error;
    return [];
  }
}
