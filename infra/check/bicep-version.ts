/** The compiler that makes `infra/main.json`, and that is downloaded where there is none. */
export const bicepVersion = '0.49.2';
