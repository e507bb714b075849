class_name RLLedger
extends RefCounted
## What an agent earned and measured in an episode: rewards, summed by name, and metrics of its own.

## Reward since the last `take_reward`.
var reward := 0.0
## Reward taken since the episode began.
var episode_return := 0.0
## What each reward has paid since the episode began, in the order of `reward_names`.
var sums := PackedFloat32Array()

## The only term that pays; what others give is summed by name, but earns nothing. Null: all of them pay.
var only: RLRewardTerm

var _agent: RLAgent
var _reward_index: Dictionary[StringName, int] = {}
# For each reward term the place of its sum.
var _term_at := PackedInt32Array()
var _metric_index: Dictionary[StringName, int] = {}
var _metrics := PackedFloat32Array()


func _init(agent: RLAgent) -> void:
	_agent = agent


## Open an account for every reward and metric that the agent declares.
func setup() -> void:
	for term_name: StringName in _agent.reward_names:
		_reward_index[term_name] = _reward_index.size()
	for term: RLRewardTerm in _agent.reward_terms:
		term.setup(_agent)
		_term_at.append(_reward_index.get_or_add(term.name, _reward_index.size()) as int)
	sums.resize(_reward_index.size())
	for metric: StringName in _agent.metric_names:
		_metric_index[metric] = _metric_index.size()
	_metrics.resize(_metric_index.size())


## Forget the last episode.
func clear() -> void:
	reward = 0.0
	episode_return = 0.0
	sums.fill(0.0)
	_metrics.fill(0.0)


## Names of the rewards, in the order of their sums.
func reward_names() -> Array[StringName]:
	return _reward_index.keys()


## Pay under a declared name.
func pay(term: StringName, amount: float) -> void:
	var at: int = _reward_index.get(term, -1)
	if at < 0:
		push_error(
			(
				"agent '%s': reward '%s' is not declared in reward_names %s"
				% [_agent.agent_name, term, _agent.reward_names]
			)
		)
		return
	if only == null:
		reward += amount
	sums[at] += amount


## Pay what the reward terms give for one tick.
func pay_terms(delta: float) -> void:
	for i: int in _agent.reward_terms.size():
		var term := _agent.reward_terms[i]
		var amount := term.weight * term.amount(delta)
		if only == null or only == term:
			reward += amount
		sums[_term_at[i]] += amount
	if not is_finite(reward):
		_complain_of_term()


## The reward since the last call.
func take_reward() -> float:
	var taken := reward
	reward = 0.0
	episode_return += taken
	return taken


func set_metric(metric: StringName, value: float) -> void:
	_metrics[_index_of(metric)] = value


func add_metric(metric: StringName, amount: float) -> void:
	_metrics[_index_of(metric)] += amount


func get_metric(metric: StringName) -> float:
	return _metrics[_index_of(metric)]


## The sums of `reward_names`, then the agent's own metrics.
func values() -> PackedFloat32Array:
	return sums + _metrics


func _index_of(metric: StringName) -> int:
	if not _metric_index.has(metric):
		push_error(
			(
				"agent '%s': metric '%s' is not declared in metric_names %s"
				% [_agent.agent_name, metric, _agent.metric_names]
			)
		)
	return _metric_index[metric]


func _complain_of_term() -> void:
	for i: int in _agent.reward_terms.size():
		if not is_finite(sums[_term_at[i]]):
			var term := _agent.reward_terms[i]
			var source := (term.get_script() as Script).resource_path
			push_error("agent '%s': the reward term '%s' (%s) gave no number" % [_agent.agent_name, term.name, source])
			return
