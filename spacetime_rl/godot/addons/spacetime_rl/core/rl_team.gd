@icon("res://addons/spacetime_rl/icons/reward.svg")
class_name RLTeam
extends Node
## Agents of an arena that share a reward. The node may be anywhere in the arena; its name is the team's.
##
## In a run with `training.critic: team`, an agent that ended early still learns from what its team earns later.

## The agents of the team, set here or added in the arena's `_build`. An agent is in one team at most.
@export var members: Array[RLAgent] = []


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


## Add to this decision's reward of every member that plays, under a name that each of them declares.
func add_reward(term: StringName, amount: float) -> void:
	for member: RLAgent in members:
		member.add_reward(term, amount)


## `GameSpec.teams` of the Python side: the teams below a node, and the names of their agents.
static func describe(below: Node) -> Array[Dictionary]:
	var teams: Array[Dictionary] = []
	for child: Node in below.get_children():
		if child is RLTeam:
			var team := child as RLTeam
			var names: Array[String] = []
			for member: RLAgent in team.members:
				names.append(String(member.agent_name))
			teams.append({"name": String(team.name), "agents": names})
		teams.append_array(describe(child))
	return teams
