class_name RLPolicyRow
extends RefCounted
## What a controller keeps of one agent that a policy plays: what it saw and did last, its recurrent state, its noise.

## The observation vector of the last decision.
var seen := PackedFloat32Array()
## Recurrent state: zeros when an episode begins.
var state := PackedFloat32Array()

var _agent: RLAgent
# The agent's own settings count for its own policy only.
var _is_own := false
var _choice: RLActionChoice
var _rng := RandomNumberGenerator.new()
var _action_repeat := 1
# Ticks from the last decision to the next, and how many of them have passed.
var _ticks := 1
var _passed := 0
# The action before the last decision, and the decided one.
var _from := PackedFloat32Array()
var _decided := PackedFloat32Array()
# Parts of the observation that were no numbers and have been named.
var _named: PackedStringArray = []


## `action_repeat` are the physics ticks between two decisions of the game.
func _init(agent: RLAgent, policy: RLPolicy, action_repeat: int) -> void:
	_agent = agent
	_is_own = agent.policy == policy
	_choice = RLActionChoice.of_actions(agent.actions, policy.is_squashed())
	_action_repeat = maxi(action_repeat, 1)
	seen.resize(agent.observation_size)
	state.resize(policy.state_size())
	_from.resize(agent.action_size)
	_decided.resize(agent.action_size)
	agent.episode_began.connect(_begin)
	_begin()


## Whether the policy decides now; between its decisions the agent goes on.
func is_due() -> bool:
	return _agent.active and _agent.decisions % _period() == 0


## Take a look. False if there is a number that is none, after which the agent does nothing until the next decision.
func observe() -> bool:
	_agent.observe(seen, 0)
	var wrong := RLLayout.not_finite(_agent, seen)
	if wrong != "":
		_stand_still(wrong)
	return wrong == ""


## Take over what the policy has computed: `distribution` has this agent's part at `at`.
func decide(distribution: PackedFloat32Array, at: int) -> void:
	for i: int in range(at, at + _choice.inputs):
		if not is_finite(distribution[i]):
			_stand_still("policy has computed %s" % distribution[i])
			return
	_aim()
	if _is_own and _agent.policy_stochastic:
		_choice.draw(distribution, at, _rng, _decided)
	else:
		_choice.choose(distribution, at, _decided)


## The action for the next tick: the decided one, or one on the way there.
func advance() -> PackedFloat32Array:
	_passed += 1
	if not _agent.active:
		_decided.fill(0.0)
	return _present()


func _present() -> PackedFloat32Array:
	if not _is_own or not _agent.policy_interpolates or _passed >= _ticks:
		return _decided
	var action := _decided.duplicate()
	_choice.blend(_from, _passed / float(_ticks), action)
	return action


func _period() -> int:
	return _agent.policy_period if _is_own else 1


func _begin() -> void:
	_decided.fill(0.0)
	_passed = _ticks
	state.fill(0.0)
	_rng.seed = hash([_agent.arena_core.episode_seed(), String(_agent.agent_name)])


func _aim() -> void:
	_from = _present().duplicate()
	_ticks = _action_repeat * _period()
	_passed = 0


func _stand_still(why: String) -> void:
	_aim()
	_decided.fill(0.0)
	if why not in _named:
		_named.append(why)
		RLLayout.warn_of(_agent, why)
