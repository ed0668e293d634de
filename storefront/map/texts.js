// All texts of the live map that are not in its HTML.

export const t = {
  mapLabel: "The shop",
  statuses: {
    live: "Live",
    polling: "Updated every two seconds",
    unreachable: "The shop does not respond. Trying again.",
    forbidden: "Without live events",
  },
  signIn: "Live events are for staff. Sign in, then return to this page.",
  signInLink: "Sign in",
  noMap: "There is no map yet. The next deployment creates it.",
  failed: (why) => `The request failed. ${why}`,
  publishedBy: (service) => `published by ${service}`,
  order: (id) => `order …${id.slice(-6)}`,
  orderTitle: (id) => `Order …${id.slice(-6)}`,
  stepByStep: "Step by step:",
  workflowState: "workflow state",
  noSteps: "The timeline has no events of this order yet.",
  playAgain: "Play again",
  secondsLater: (seconds) => `+${seconds} s`,
  kinds: {
    api: "HTTP API", archive: "Event archive", bucket: "Bucket", bus: "Event bus", schedule: "Schedule",
    "dead-letter-queue": "Dead-letter queue", function: "Function", queue: "Queue", rule: "Event rule",
    websocket: "WebSocket API", table: "Table", workflow: "Workflow", service: "Service",
    task: "Task state", choice: "Choice state", pass: "Pass state", succeed: "Succeed state",
  },
  edgeKinds: { // what passes along an edge; the label fits both ends
    routes: "Requests", accesses: "Reads and writes", streams: "Outbox rows", publishes: "Published events",
    matches: "Matched events", delivers: "Delivered messages", archives: "Archived events",
    schedules: "Scheduled invocations", invokes: "Commands", starts: "Executions", pushes: "WebSocket messages",
    "dead-letters": "Failed messages", redrives: "Redriven messages",
  },
  publishes: "Publishes", subscribesTo: "Subscribes to", routes: "Routes", outgoing: "Outgoing", incoming: "Incoming",
  recent: "Recent events",
  queueDepth: (visible, inFlight) => `${visible} visible, ${inFlight} in flight`,
  subscribers: (services) => (services.length ? `Subscribers: ${services.join(", ")}.` : "No subscribers."),
};
