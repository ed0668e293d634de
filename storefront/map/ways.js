// Which way a fact takes: from the table of who says it, over the bus, to everyone who hears it.

export class Ways {
  constructor(map) {
    this.edges = map.edges;
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

  onwards(rule) {
    const way = [rule];
    for (const means of ["delivers", "delivers", "data"]) {
      const next = this.edges.find((edge) => edge.means === means && edge.from === way.at(-1).to);
      if (next) way.push(next);
    }
    return way;
  }
}
