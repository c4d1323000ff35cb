// An MQTT connection as a real client: each listener receives the messages that match its own filter. Imports only types
// of `mqtt`.

import type { IClientPublishOptions, IClientSubscribeOptions, MqttClient } from 'mqtt';
import type { OpenContext } from '../options/options.js';
import { topicMatcher } from './mqtt-topics.js';

/** The value that a subscriber receives. */
export interface MqttMessage {
  /** The topic to which it was published, which matters for filters with wildcards. */
  readonly topic: string;
  readonly payload: Buffer;
  /** Whether it is a retained message, which was published before the subscription. */
  readonly retain: boolean;
}

/** One connection to an MQTT server, which all workers share. */
export interface MqttSession {
  /**
   * Subscribes to a topic or to a filter with `+` and `#`, also in the form `$share/group/filter`.
   * @throws {Error} if the server refuses the subscription
   */
  subscribe(filter: string, listener: (message: MqttMessage) => void): Promise<() => Promise<void>>;
  /** Resolves when the message was delivered as required by its `qos`. */
  publish(topic: string, payload: string | Buffer, options?: IClientPublishOptions): Promise<void>;
  close(): Promise<void>;
}

/**
 * The option `open` for a connection of the package `mqtt`. If the connection is lost, the term ends, a new connection is
 * opened, and subscribers get `resync`. The client's own reconnect is not used, because it would not report missed
 * messages.
 * @param createClient creates a client with `connect()` of `mqtt`; called only in the leader
 * @param options the options of each subscription
 */
export function openMqtt(
  createClient: () => MqttClient,
  options: IClientSubscribeOptions = { qos: 0 },
): (context: OpenContext) => Promise<MqttSession> {
  return async ({ fail, signal }) => {
    const client = createClient();
    const subscriptions = new Map<string, (message: MqttMessage) => void>();
    const end = () => client.endAsync(true);
    signal.addEventListener('abort', () => void end().catch(() => {}), { once: true });
    client.on('error', fail);
    client.on('close', () => fail(new Error('The connection to the MQTT server was closed.')));
    client.on('message', (topic, payload, { retain }) => {
      for (const listener of subscriptions.values()) listener({ topic, payload, retain });
    });
    if (!client.connected) await new Promise<unknown>(resolve => client.once('connect', resolve));

    return {
      async subscribe(filter, listener) {
        const matches = topicMatcher(filter);
        // Added before the request is sent, because retained messages may arrive with the answer.
        subscriptions.set(filter, message => {
          if (matches(message.topic)) listener(message);
        });
        try {
          await client.subscribeAsync(filter, options);
        } catch (error) {
          // Otherwise it would receive messages of other subscriptions.
          subscriptions.delete(filter);
          throw error;
        }
        return async () => {
          subscriptions.delete(filter);
          await client.unsubscribeAsync(filter);
        };
      },
      async publish(topic, payload, options) {
        await client.publishAsync(topic, payload, options);
      },
      close: end,
    };
  };
}
