// Which nodes and edges of the map an event passes, and which a workflow state belongs to.

export class EventPaths {
  constructor(map) {
    this.edges = map.edges;
    this.workflows = map.workflows;
    this.serviceOf = new Map(map.nodes.map(({ id, service }) => [id, service ?? ""]));
  }

  /** The edges from the publisher's table to the bus, and for each subscriber those from the bus on. */
  ofEvent({ event, service }) {
    const publish = this.edges.find((edge) => edge.kind === "publishes" && this.serviceOf.get(edge.from) === service);
    if (!publish) return { toBus: [], fromBus: [] };
    const stream = this.edges.find((edge) => edge.kind === "streams" && edge.to === publish.from);
    const rules = this.edges.filter((edge) => edge.kind === "matches" && edge.labels?.includes(event));
    return { toBus: [stream, publish].filter(Boolean), fromBus: rules.map((rule) => this.afterRule(rule)) };
  }

  /** Rule, queue, consumer and table, as far as they exist. */
  afterRule(rule) {
    const path = [rule];
    for (const kind of ["delivers", "delivers", "accesses"]) {
      const next = this.edges.find((edge) => edge.kind === kind && edge.from === path.at(-1).to);
      if (next) path.push(next);
    }
    return path;
  }

  /** Ids of the groups to highlight for a workflow state: state, transition and invoked function. */
  ofState({ state, previous }) {
    const definition = ({ states }) => states.find(({ name }) => name === state);
    const workflow = this.workflows.find(definition);
    if (!workflow) return [];
    const { service } = definition(workflow);
    const invoke = this.edges.find((edge) => edge.kind === "invokes" && edge.from === workflow.id && this.serviceOf.get(edge.to) === service);
    const invoked = invoke ? [`${invoke.from}>${invoke.to}`, invoke.to] : [];
    return [workflow.id, `${workflow.id}/${state}`, `${workflow.id}/${previous}>${state}`, ...invoked];
  }
}
