// Node-RED for a process that nobody edits: what it is told, it is told by its environment.
module.exports = {
  flowFile: 'flows.json',
  // flows_cred.json holds the names of environment variables, no secret.
  credentialSecret: false,
  uiHost: process.env.HOST || '127.0.0.1',
  uiPort: Number(process.env.PORT || 1880),
  // No editor and no admin interface: the flow comes with the image.
  httpAdminRoot: false,
  mqttReconnectTime: 2000,
  // Of errors and of the log; without it LANG decides.
  lang: process.env.NODE_RED_LANG,
  // A photo of 8 MB as base64 in JSON.
  apiMaxLength: '12mb',
  telemetry: { enabled: false },
  externalModules: { autoInstall: false, palette: { allowInstall: false, allowUpload: false } },
  ...(process.env.SPOOL_DIR ? { cnVerify: { spoolDir: process.env.SPOOL_DIR } } : {}),
};
