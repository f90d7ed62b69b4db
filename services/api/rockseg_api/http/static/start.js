// Without `validatorUrl: null` Swagger UI sends the document's address to a public validator.
SwaggerUIBundle({
  url: "/schema/openapi.json",
  dom_id: "#interface",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
