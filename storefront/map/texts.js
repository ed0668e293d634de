// Every word of the map's page that is not in its HTML.

export const t = {
  live: "Live",
  looking: "Looking every two seconds",
  lost: "The shop does not answer; trying again",
  closed: "As it is deployed, without what happens in it",
  signIn: "The map is for staff. Sign in, then come back.",
  signInLink: "Sign in",
  noMap: "There is no map yet: it comes with the next deployment.",
  failed: (why) => `The shop could not be asked. ${why}`,
  said: (room) => `said by ${room}`,
  order: (id) => `order …${id.slice(-6)}`,
  journey: (id) => `Order …${id.slice(-6)}`,
  journeyOf: "Its journey, fact by fact:",
  noJourney: "The journal has nothing of this order yet.",
  again: "Play it again",
  after: (seconds) => `+${seconds} s`,
  kinds: {
    api: "HTTP API", archive: "Archive of all facts", bucket: "Bucket", bus: "Event bus", clock: "Clock",
    "dead-letters": "Queue of dead letters", function: "Function", queue: "Queue", rule: "Rule of the bus",
    socket: "WebSocket API", stream: "Stream", table: "Table", workflow: "Workflow", room: "Room",
    task: "Step of the workflow", choice: "Choice of the workflow", pass: "Turn of the workflow",
    succeed: "End of the workflow",
  },
  means: {
    routes: "Routes", data: "Reads and writes", streams: "New outbox rows", says: "Says", carries: "Carries",
    delivers: "Delivers", keeps: "Keeps", wakes: "Wakes", asks: "Asks", starts: "Starts", pushes: "Pushes to",
    "gives-up": "What it cannot handle goes to", redrives: "Sends dead letters back to",
  },
  says: "Says", hears: "Hears", routes: "Routes", leads: "Leads to", comes: "Comes from", lately: "Lately",
  waiting: (visible, inFlight) => `${visible} waiting, ${inFlight} being worked on`,
  heardBy: (rooms) => (rooms.length ? `Heard by ${rooms.join(", ")}.` : "Nobody hears it yet."),
};
