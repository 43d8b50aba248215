import type { Event, Explanation, ModelReading } from './contract.js';
import {
  absentFields,
  collect,
  type EvaluateHost,
  type Evaluation,
  type ExpressionValue,
  evaluate,
  functionTable,
  renderExplanation,
  type TypedNode,
  tableFunction,
  walk,
} from './expression/index.js';
import type { Program, RuleCode, Verdicts } from './program.js';
import type { Container, SessionStage } from './stages/4-session.js';
import type { ModelStage } from './stages/5-model.js';
import type { RuleStage } from './stages/6-rule.js';

/** Verdicts of one event that are written out; a mail may have thousands of recipients. */
const MAX_VERDICTS = 5;

interface Moment {
  readonly event: Event;
  readonly container: Container;
  readonly firstSeen: number;
  readonly activeDays: number;
}

/**
 * Says of every rule of an event's type why it did or did not fire. Works on the trees by
 * interpretation, after the rules have run and before anything is scored or trained, and changes
 * nothing.
 */
export class Explainer {
  private readonly program: Program;
  private readonly sessions: SessionStage;
  private readonly models: ModelStage;
  private readonly rules: RuleStage;

  constructor(program: Program, sessions: SessionStage, models: ModelStage, rules: RuleStage) {
    this.program = program;
    this.sessions = sessions;
    this.models = models;
    this.rules = rules;
  }

  /** @param firing verdict with which the rule fired; -1: it did not */
  explain(moment: Moment, at: number, firing: number): Explanation {
    const rule = this.program.code.rules[at] as RuleCode;
    const verdicts = this.rules.verdicts(rule);
    const shown =
      firing < 0
        ? Array.from({ length: Math.min(verdicts.count, MAX_VERDICTS) }, (_, i) => i)
        : [firing];
    const parts = shown.map((i) => this.evaluation(moment, rule, verdicts, i));
    const readings = rule.model < 0 ? [] : shown.map((i) => this.reading(rule, i));
    const { source, tree } = rule.source.when;
    const texts = parts.map((part, p) => {
      const text = renderExplanation(tree, source, part);
      const value = verdicts.value[shown[p] as number];
      return value === undefined || verdicts.count < 2
        ? text
        : `for ${JSON.stringify(value).slice(0, 80)}\n${text}`;
    });
    const missing = this.missing(moment, rule);
    if (verdicts.count === 0) {
      texts.push(
        `nothing to look at: ${missing.length > 0 ? `${missing.join(', ')} absent` : 'no value'}`,
      );
    }
    return {
      rule: at,
      event: moment.event,
      fired: firing >= 0,
      cause:
        firing < 0 ? this.cause(at, rule, moment.container, verdicts, parts, readings) : undefined,
      readings,
      text: texts.join('\n\n'),
    };
  }

  private reading(rule: RuleCode, i: number): ModelReading {
    return this.models.reading(rule.model, i, rule.percentile);
  }

  /** The first of the reasons, in the order in which they stand in the way. */
  private cause(
    at: number,
    rule: RuleCode,
    container: Container,
    verdicts: Verdicts,
    parts: readonly Evaluation[],
    readings: readonly ModelReading[],
  ): Explanation['cause'] {
    if (!this.rules.dependenciesFired(rule)) return 'dependency';
    if (verdicts.count === 0) return 'field absent';
    if (parts.some((part) => part.value === true)) {
      // It held, so the rule was spent; without a container a rule that fires once cannot.
      return container === this.sessions.none ? 'field absent' : 'once already spent';
    }
    if (this.rules.spent(at, rule, container)) return 'once already spent';
    const { tree } = rule.source.when;
    if (parts.every((part) => hindered(tree, part))) return 'field absent';
    if (
      readings.length > 0 &&
      parts.every((part, p) => notConverged(tree, part, readings[p] as ModelReading))
    ) {
      return 'model not converged';
    }
    return 'threshold not reached';
  }

  /** Fields that the model's scope and feature or the list wanted and did not find. */
  private missing(moment: Moment, rule: RuleCode): string[] {
    const model = this.program.code.models[rule.model];
    if (model === undefined) return [];
    const names = collect(model.source.scope.tree, model.source.feature.tree).fields;
    return [...names].filter((name) => moment.event.fields[name] === undefined);
  }

  private evaluation(moment: Moment, rule: RuleCode, v: Verdicts, i: number): Evaluation {
    const host: EvaluateHost = {
      field: (name) => moment.event.fields[name],
      variable: (name) => this.variable(moment, rule, v, i, name),
      contextCall: (node, args) => {
        const at = functionTable.get(node.function)?.literal?.at ?? 0;
        const named = String(args[at]);
        const argument = args[1 - at];
        if (node.function === 'observations') {
          return this.models.observations(
            rule.source.modelOf(named),
            argument as string | undefined,
          );
        }
        return tableFunction(node.function, this.program.tables.members(named))(argument);
      },
      sessionCall: (node) => {
        const use = rule.source.counter(node);
        const { container } = moment;
        switch (use.kind) {
          case 'fired':
            return container.points.has(use.rule);
          case 'scalar':
            return container.sums[use.slot];
          case 'distinct':
            return this.sessions.distinct(container, use.slot);
          case 'keyed': {
            const key = use.key === undefined ? v.value[i] : evaluate(use.key, host).value;
            return this.sessions.countText(container, use.slot, key as string | undefined);
          }
        }
      },
    };
    return evaluate(rule.source.when.tree, host);
  }

  private variable(
    moment: Moment,
    rule: RuleCode,
    v: Verdicts,
    i: number,
    name: string,
  ): ExpressionValue {
    switch (name) {
      case 'time':
        return moment.event.time;
      case 'first_seen':
        return moment.firstSeen;
      case 'active_days':
        return moment.activeDays;
      case 'value':
        return v.value[i];
      case 'scope':
        return v.count === 0 ? undefined : v.scopeAt(i);
      case 'n':
        return v.n[i];
      case 'num_bins':
        return v.bins[i];
      case 'num_observations':
        return v.seenAt(i);
      case 'confidence_factor':
        return v.confidence[i];
      case 'percentile_threshold_count':
        return rule.percentile * (v.n[i] as number);
      case 'percentile_threshold_value':
        return this.models.threshold(rule.model, i, rule.percentile);
      case 'top_threshold_count':
        return this.models.top(rule.model, i, rule.percentile);
      default:
        return undefined;
    }
  }
}

/** Names whose comparison says whether a model has seen enough. */
const CONVERGENCE = new Set(['confidence_factor', 'n']);

/** Whether some conjunct is false for want of a field: with it present the outcome was open. */
function hindered(tree: TypedNode, evaluation: Evaluation): boolean {
  return conjuncts(tree).some((part) => {
    if (evaluation.values.get(part) === true) return false;
    const fields = absentFields(partOf(part, evaluation));
    return fields.length > 0;
  });
}

/** Whether a conjunct about confidence or number of observations is what is false. */
function notConverged(tree: TypedNode, evaluation: Evaluation, reading: ModelReading): boolean {
  return conjuncts(tree).some((part) => {
    if (evaluation.values.get(part) === true) return false;
    const named = [...collect(part).variables];
    if (named.includes('percentile_threshold_value')) {
      return Number.isNaN(reading.percentile_threshold_value);
    }
    return named.length > 0 && named.every((name) => CONVERGENCE.has(name));
  });
}

function conjuncts(tree: TypedNode): TypedNode[] {
  return tree.node === 'binary' && tree.operator === '&&'
    ? [...conjuncts(tree.left), ...conjuncts(tree.right)]
    : [tree];
}

function partOf(tree: TypedNode, evaluation: Evaluation): Evaluation {
  const own = new Set<TypedNode>();
  walk(tree, (node) => own.add(node));
  return { ...evaluation, absent: new Set([...evaluation.absent].filter((node) => own.has(node))) };
}
