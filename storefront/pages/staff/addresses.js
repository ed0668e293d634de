// Where on the staff's page an order or a return is opened.

export const orderAt = (id) => `/staff?${new URLSearchParams({ view: "orders", order: id })}`;
export const returnAt = (id) => `/staff?${new URLSearchParams({ view: "returns", return: id })}`;
