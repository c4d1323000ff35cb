// An MQTT connection as a real client: each listener gets what matches its own filter. Only types of `mqtt` are known.

import type { IClientPublishOptions, IClientSubscribeOptions, MqttClient } from 'mqtt';
import type { OpenContext } from '../options/options.js';
import { topicMatcher } from './mqtt-topics.js';

/** What a subscriber gets. */
export interface MqttMessage {
  /** The topic it was published to, where the filter has wildcards. */
  readonly topic: string;
  readonly payload: Buffer;
  /** Whether the server had kept it from before the subscription. */
  readonly retain: boolean;
}

/** One connection to an MQTT server, which all workers share. */
export interface MqttSession {
  /**
   * Subscribes to a topic, or to many by a filter with `+` and `#`; `$share/group/filter` too.
   * @throws {Error} what the server refuses
   */
  subscribe(filter: string, listener: (message: MqttMessage) => void): Promise<() => Promise<void>>;
  /** Resolves when it is handed over as its `qos` asks for. */
  publish(topic: string, payload: string | Buffer, options?: IClientPublishOptions): Promise<void>;
  close(): Promise<void>;
}

/**
 * The option `open` for a connection of the package `mqtt`. When the connection is lost the term ends, another one is
 * opened, and subscribers hear `resync`; the client's own reconnecting, which tells nobody, is not waited for.
 * @param createClient makes a client with `connect()` of `mqtt`, in the leader only
 * @param options for each subscription
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
        // Before it is sent: what the server has kept may come with its answer.
        subscriptions.set(filter, message => {
          if (matches(message.topic)) listener(message);
        });
        try {
          await client.subscribeAsync(filter, options);
        } catch (error) {
          // It would hear what comes by the filters of others.
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
