/**
 * An anytime certificate by betting (Waudby-Smith and Ramdas, arXiv 2010.09686): the wealth of a gambler who bets
 * that calls disagree less often than epsilon. If they do not, it ever reaches 1/delta with a chance of at most delta (Ville).
 */
export type BettingState = {
  readonly epsilon: number;
  readonly delta: number;
  readonly calls: number;
  readonly lossSum: number;
  /** Natural logarithm of the wealth. */
  readonly lnWealth: number;
};

// The largest stake, as a share of what would lose all.
const MAX_STAKE = 0.99;
// What is believed before the first call: half a disagreement in 50 calls.
const PRIOR_LOSSES = 0.5;
const PRIOR_CALLS = 50;

export function startBetting(epsilon: number, delta: number): BettingState {
  if (!(epsilon > 0 && epsilon < 1 && delta > 0 && delta < 1)) {
    throw new RangeError(`Cannot bet at epsilon = ${epsilon}, delta = ${delta}: both must be in (0, 1)`);
  }
  return { epsilon, delta, calls: 0, lossSum: 0, lnWealth: 0 };
}

/** The state after one more audited call. loss in [0, 1]; the stake is fixed before it is seen. */
export function bet(state: BettingState, loss: number): BettingState {
  const { epsilon } = state;
  const believed = (PRIOR_LOSSES + state.lossSum) / (PRIOR_CALLS + state.calls);
  // Kelly's stake for losses of 0 or 1.
  const kelly = (epsilon - believed) / (epsilon * (1 - epsilon));
  const stake = Math.min(MAX_STAKE / (1 - epsilon), Math.max(0, kelly));
  return {
    ...state,
    calls: state.calls + 1,
    lossSum: state.lossSum + loss,
    lnWealth: state.lnWealth + Math.log(1 - stake * (loss - epsilon)),
  };
}

/** True once the wealth has reached 1/delta; it may be asked after every call. */
export function isCertifiedByBetting(state: BettingState): boolean {
  return state.lnWealth >= -Math.log(state.delta);
}
