export { webhookError } from "./errors.ts";
export { destinations, type Destinations } from "./destinations.ts";
export { KEY_BYTES, secretBox, type SecretBox } from "./secret-box.ts";
export { makeSecret, signWebhook, verifyWebhook, type SignedHeaders } from "./sign.ts";
export { sendWebhook, type SendAnswer, type SendRequest } from "./send.ts";
export { WEBHOOK_MIGRATIONS } from "./tables.ts";
export { type Attempt, type Delivery, type Webhook } from "./webhook.ts";
export { Webhooks } from "./webhooks.ts";
export { Deliverer, type DelivererOptions } from "./deliverer.ts";
