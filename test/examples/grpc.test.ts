import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { testRecipe, untilWorkersAnswer } from '../helpers/examples/recipe.js';
import { PASSWORD, startProxy } from '../helpers/services/of-recipes.js';
import { GREETER } from './grpc/greeter.js';

type Call = ServerUnaryCall<{ name: string }, object>;

function sayHello({ request, metadata }: Call, callback: sendUnaryData<object>): void {
  if (metadata.get('authorization')[0] === `Bearer ${PASSWORD}`) callback(null, { hello: `hello ${request.name}` });
  else callback({ code: status.UNAUTHENTICATED, details: 'wrong token' });
}

/** Settings without an entry: until a first frame has come, `@grpc/grpc-js` doesn't end an attempt to connect. */
const FIRST_FRAME = Buffer.from('000000040000000000', 'hex');

testRecipe({
  name: 'grpc',
  async start(t) {
    const server = new Server();
    server.addService(GREETER, { sayHello });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    t.teardown(() => server.forceShutdown());
    return startProxy(t, port);
  },
  env: (address, isRight) => ({ GREETER_ADDRESS: address, GREETER_TOKEN: isRight ? PASSWORD : 'wrong' }),
  refused: /UNAUTHENTICATED: wrong token/,
  greeting: FIRST_FRAME,
  most: 1,
  serves: ({ url }, _, round) => untilWorkersAnswer(`${url}/${round}`, new RegExp(`hello ${round}$`)),
});
