/** The OpenAPI document of the built program, as openapi.json keeps it. */
export async function openApiText() {
  const { describeApi } = await import('../../dist/src/openapi.js');
  return `${JSON.stringify(await describeApi(), undefined, 2)}\n`;
}
