@icon("res://addons/spacetime_rl/icons/reward.svg")
class_name RLRewardTerm
extends Resource
## Base of a reward given every tick, composed into an agent's `reward_terms`. One instance for each agent.

## Name under which the sum is reported: `reward/<name>`.
@export var name := &"term"
## Factor on `amount`; negative punishes.
@export var weight := 1.0

var agent: RLAgent


## Override: the unweighted reward of one tick of `delta` seconds.
func amount(_delta: float) -> float:
	return 0.0


## Override: the episode began and everything is in its place.
func begin_episode() -> void:
	pass


## For the agent.
func setup(of_agent: RLAgent) -> void:
	if agent != null and agent != of_agent:
		push_error("reward term '%s' is shared by two agents: make it local to its scene" % name)
	agent = of_agent
