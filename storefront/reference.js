// Shows the API's OpenAPI document with Swagger UI, loaded from the shop itself.
"use strict";

const darkScheme = matchMedia("(prefers-color-scheme: dark)");

function applyScheme() {
  document.documentElement.classList.toggle("dark-mode", darkScheme.matches); // Swagger UI's class
}

function showReference() {
  window.SwaggerUIBundle({
    url: "/api/openapi.json",
    domNode: document.getElementById("operations"),
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null, // the default is a public server
  });
}

darkScheme.addEventListener("change", applyScheme);
applyScheme();
if (window.SwaggerUIBundle) showReference();
else document.getElementById("error").hidden = false;
