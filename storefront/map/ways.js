// Which way a fact takes: from the table of who says it, over the bus, to everyone who hears it.
// And what a workflow lights up that comes to a state.

export class Ways {
  constructor(map) {
    this.edges = map.edges;
    this.workflows = map.workflows;
    this.rooms = new Map(map.nodes.map(({ id, room }) => [id, room ?? ""]));
  }

  /** The edges up to the bus, and for each listener those from the bus on. */
  of({ fact, room }) {
    const says = this.edges.find((edge) => edge.means === "says" && this.rooms.get(edge.from) === room);
    if (!says) return { out: [], to: [] };
    const stream = this.edges.find((edge) => edge.means === "streams" && edge.to === says.from);
    const rules = this.edges.filter((edge) => edge.means === "carries" && edge.carries?.includes(fact));
    return { out: [stream, says].filter(Boolean), to: rules.map((rule) => this.onwards(rule)) };
  }

  /** The state, the step to it, and whom it asks: the names of their groups. */
  entered({ state, after }) {
    const known = ({ states }) => states.find(({ name }) => name === state);
    const flow = this.workflows.find(known);
    if (!flow) return [];
    const { room } = known(flow);
    const asks = this.edges.find((edge) => edge.means === "asks" && edge.from === flow.id && this.rooms.get(edge.to) === room);
    return [flow.id, `${flow.id}/${state}`, `${flow.id}/${after}>${state}`, ...(asks ? [`${asks.from}>${asks.to}`, asks.to] : [])];
  }

  onwards(rule) {
    const way = [rule];
    for (const means of ["delivers", "delivers", "data"]) {
      const next = this.edges.find((edge) => edge.means === means && edge.from === way.at(-1).to);
      if (next) way.push(next);
    }
    return way;
  }
}
