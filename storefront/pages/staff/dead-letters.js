// The dead-letter queues of all services: staff read why messages failed, and redrive them.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { callSignedIn } from "/shop/session.js";
import { formatTime, t } from "/shop/texts.js";
import { orderLink } from "./links.js";
import { resultMessage, run, table } from "./table.js";

const texts = t.staff.deadLetters;
const pathOf = (id) => `/staff/dead-letters/${encodeURIComponent(id)}`;

export function deadLetters(draw) {
  const list = { items: null, next: null, busy: false, error: null, loadMore: load };
  const state = { opened: null, message: null, error: null };

  function show() {
    const total = list.items?.reduce((sum, { count }) => sum + count, 0);
    draw(html`
      <p role="status">${list.items ? texts.total(total) : nothing}</p>
      ${resultMessage(state)}
      ${state.opened ? messages(state.opened) : nothing}
      ${table(list, [
        [texts.service, ({ service }) => service],
        [texts.queue, ({ name, type }) => html`${texts.types[type]}<br><code class="muted">${name}</code>`],
        [texts.count, (queue) => (queue.count ? actions(queue) : queue.count)],
      ])}
      <p class="actions"><button class="button plain" type="button" @click=${load}>${texts.reload}</button></p>
      <section class="panel" aria-labelledby="advice">
        <h2 id="advice">${texts.adviceTitle}</h2>
        <p>${texts.generalAdvice}</p>
        <dl class="advice">${Object.entries(texts.advice).map(([type, advice]) => html`
          <dt>${texts.types[type]}</dt><dd>${advice}</dd>`)}</dl>
      </section>`);
  }

  function actions(queue) {
    return html`
      <p><strong class="alarm">${queue.count}</strong>
        <button class="link" type="button" @click=${() => open(queue)}>${texts.read}</button></p>
      ${queue.type === "events" ? html`
        <button class="button plain" type="button" @click=${() => redrive(queue)}>${texts.redrive}</button>` : nothing}`;
  }

  function messages({ service, items }) {
    return html`
      <section class="wide panel" aria-labelledby="opened">
        <h2 id="opened" tabindex="-1">${texts.opened(service)}</h2>
        <p class="muted">${texts.limit}</p>
        ${table({ items }, [
          [texts.event, ({ event }) => event ?? texts.unknown],
          [texts.reason, ({ reason }) => reason ?? texts.unknown],
          [texts.order, ({ order_id: id }) => (id ? html`<a href=${orderLink(id)}><code>${id}</code></a>` : nothing)],
          [texts.published, ({ at }) => (at ? formatTime(at) : nothing)],
        ])}
      </section>`;
  }

  async function open({ id, service }) {
    await run(state, show, async () => {
      state.opened = { service, ...(await callSignedIn("GET", pathOf(id))).body };
    });
    document.getElementById("opened")?.focus();
  }

  const redrive = ({ id }) => run(state, show, async () => {
    const { body } = await callSignedIn("POST", `${pathOf(id)}/redrive`);
    Object.assign(state, { opened: null, message: texts.moved(body.moved) });
    await load();
  });

  async function load() {
    Object.assign(list, { busy: true, error: null });
    show();
    try {
      const [map, { body }] = await Promise.all([get("/map.json"), callSignedIn("GET", "/staff/queues")]);
      list.items = deadLetterQueues(map, body.items);
    } catch (error) {
      list.error = error.status === 404 ? { message: t.staff.noService } : error;
    }
    list.busy = false;
    show();
  }

  load();
}

/** The dead-letter queues on the map, with their message counts from the queue depths. */
function deadLetterQueues({ nodes, edges, services }, depths) {
  const counts = new Map(depths.map(({ id, visible, in_flight: inFlight }) => [id, visible + inFlight]));
  const serviceNames = new Map(services.map(({ id, name }) => [id, name]));
  const queues = new Set(nodes.filter(({ kind }) => kind === "queue").map(({ id }) => id));
  const redrivable = new Set(edges.filter(({ from }) => queues.has(from)).map(({ to }) => to));
  return nodes.filter(({ kind }) => kind === "dead-letter-queue").map(({ id, name, service }) => ({
    id,
    name,
    service: serviceNames.get(service) ?? service,
    type: typeOf(name, redrivable.has(id)),
    count: counts.get(id) ?? 0,
  }));
}

/** Only messages that came from a queue can be redriven. */
function typeOf(name, isRedrivable) {
  if (isRedrivable) return "events";
  return name === "Unpublished" ? "unpublished" : "schedule";
}
