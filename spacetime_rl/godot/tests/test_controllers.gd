extends RLTest
## Who decides for which agents, and how their actions reach them.


## Decides for all of its agents in one call, and remembers for whom.
class Counting:
	extends RLController
	var asked: Array[int] = []

	func decide(agents: Array[RLAgent]) -> PackedFloat32Array:
		asked.append(agents.size())
		var actions := PackedFloat32Array()
		for agent: RLAgent in agents:
			for k: int in agent.action_size:
				actions.append(0.25)
		return actions


func test_without_a_peer_scripts_play_and_a_person_the_first_agent() -> void:
	var agents := _assigned([]).agents
	check(agents[0].controller is RLHumanController, "the first agent")
	check_equal(agents[0].controller.title, "you")
	check(agents[1].controller is RLHeuristicController, "the second agent")
	check_equal(agents[1].controller, agents[2].controller, "one controller for all scripts")


func test_a_peer_plays_all_but_the_policies_that_are_scripted() -> void:
	var agents := _assigned(["--port=1", "--scripted=jumper", "--player=the policies"]).agents
	check_equal(agents[0].controller.title, "the policies")
	check_equal(agents[1].controller, agents[0].controller, "the second walker")
	check_equal(agents[2].controller.title, "its script")


func test_a_policy_or_an_agent_that_is_not_there_is_reported() -> void:
	var roster := _assigned([])
	var unknown := RLAssignment.new(roster, RLOptions.new(["--port=1", "--scripted=flyer", "--human=nobody"]))
	check_equal(
		unknown.problems,
		PackedStringArray(
			[
				"--scripted=flyer: no such policy; there are walker, jumper",
				"--human=nobody: no such agent; there are walker_0, walker_1, jumper_0"
			]
		)
	)


func test_the_actions_of_a_peer_reach_its_own_agents_only() -> void:
	var roster := _roster()
	var assignment := RLAssignment.new(roster, RLOptions.new(["--port=1", "--scripted=walker"]))
	roster.begin_all()
	assignment.peer.received = PackedFloat32Array([0.1, 0.1, 0.1, 0.1, 0.5, -0.5, 1.0])
	assignment.act()
	check_equal((roster.agents[2].actions[0] as RLContinuousAction).vector2(), Vector2(0.5, -0.5), "move")
	check_equal((roster.agents[2].actions[1] as RLDiscreteAction).value, 1, "jump")
	var walk := (roster.agents[0].actions[0] as RLContinuousAction).vector2()
	check_close(walk.length(), 1.0, "the scripted walker's pace")


func test_a_controller_is_asked_once_for_all_agents_that_it_drives() -> void:
	var roster := _roster()
	var controller := Counting.new()
	var assignment := RLAssignment.new(roster, RLOptions.new(["--port=1"]))
	roster.agents[0].controller = controller
	roster.agents[2].controller = controller
	assignment.regroup()
	roster.begin_all()
	assignment.peer.received = PackedFloat32Array([9.0, 9.0, -1.0, 1.0, 9.0, 9.0, 9.0])
	assignment.act()
	check_equal(controller.asked, [2], "agents of each call")
	check_equal((roster.agents[0].actions[0] as RLContinuousAction).vector2(), Vector2(0.25, 0.25), "own controller")
	check_equal((roster.agents[1].actions[0] as RLContinuousAction).vector2(), Vector2(-1.0, 1.0), "peer")
	check_equal((roster.agents[2].actions[1] as RLDiscreteAction).value, 0, "last part of the vector")


func test_a_script_is_not_asked_for_an_agent_that_ended() -> void:
	var roster := _assigned(["--control=heuristic"])
	roster.begin_all()
	roster.agents[1].end(true)
	(roster.agents[1].body as TouchPlayer).target = null
	var actions := roster.agents[0].controller.decide(roster.agents)
	check_equal(actions.size(), roster.action_size, "floats for all agents, those that ended included")


func _assigned(arguments: PackedStringArray) -> RLRoster:
	var roster := _roster()
	check_equal(RLAssignment.new(roster, RLOptions.new(arguments)).problems, PackedStringArray(), "problems")
	return roster


func _roster() -> RLRoster:
	return RLRoster.new([RLStage.new([make_arena().core], RLSchedule.new())])
