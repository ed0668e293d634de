// Links to one order or return on the staff page.

export const orderLink = (id) => `/staff?${new URLSearchParams({ view: "orders", order: id })}`;
export const returnLink = (id) => `/staff?${new URLSearchParams({ view: "returns", return: id })}`;
