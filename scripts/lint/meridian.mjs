// Lint rules of our own, in ESLint's plugin shape. Why they exist: on the platform clocks stand still while code runs, so
// a loop that waits for a clock never ends there; and core/ must be testable without waiting.

const CLOCKS = new Set(["Date.now", "performance.now"]);
const AMBIENT = new Set(["Date.now", "performance.now", "Math.random", "crypto.randomUUID", "crypto.getRandomValues"]);
const LOOPS = new Set(["ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement"]);
const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const ITERATORS = new Set(["forEach", "map", "filter", "flatMap", "reduce", "some", "every", "find"]);

function nameOf(callee) {
  return callee.type === "MemberExpression" && callee.object.type === "Identifier" && callee.property.type === "Identifier"
    ? `${callee.object.name}.${callee.property.name}`
    : "";
}

function isClockRead(node) {
  if (node.type === "CallExpression") return CLOCKS.has(nameOf(node.callee));
  return node.type === "NewExpression" && node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0;
}

/** Whether a node runs once per turn of a loop: inside its body or condition, without a function in between that is not an iterator's callback. */
function runsInLoop(node) {
  for (let at = node; at.parent; at = at.parent) {
    const { parent } = at;
    if (LOOPS.has(parent.type) && parent.right !== at && parent.init !== at) return true;
    if (FUNCTIONS.has(at.type)) {
      const isCallback =
        parent.type === "CallExpression" && parent.callee.type === "MemberExpression" && ITERATORS.has(parent.callee.property.name);
      return isCallback;
    }
  }
  return false;
}

const noClockInLoop = {
  create(context) {
    const check = (node) => {
      if (isClockRead(node) && runsInLoop(node))
        context.report({
          node,
          message: "A loop reads a clock: it stands still while code runs. Bound the loop by counted rows, points or bytes.",
        });
    };
    return { CallExpression: check, NewExpression: check };
  },
};

const noAmbient = {
  create(context) {
    const check = (node) => {
      const name = node.type === "CallExpression" ? nameOf(node.callee) : isClockRead(node) ? "new Date()" : "";
      if (AMBIENT.has(name) || name === "new Date()")
        context.report({ node, message: `core/ takes clock, ids and randomness as parameters; ${name} is none.` });
    };
    return { CallExpression: check, NewExpression: check };
  },
};

export default { meta: { name: "meridian" }, rules: { "no-clock-in-loop": noClockInLoop, "no-ambient": noAmbient } };
