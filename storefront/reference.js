// Shows the API's own document with Swagger UI, from this shop's files alone.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");

function follow() {
  document.documentElement.classList.toggle("dark-mode", dark.matches); // Swagger UI's own switch
}

function present() {
  window.SwaggerUIBundle({
    url: "/api/openapi.json",
    domNode: document.getElementById("operations"),
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null, // the default would ask a server on the internet
  });
}

dark.addEventListener("change", follow);
follow();
if (window.SwaggerUIBundle) present();
else document.getElementById("trouble").hidden = false;
