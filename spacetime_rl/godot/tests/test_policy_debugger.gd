extends RLTest
## What F3 shows of a policy in the game, and that nothing is noted while nobody looks.
##
## fixtures/policies/valued_walker.onnx is walker.onnx with a further output `value`: half of the observation's sum.

const _FILE := "res://tests/fixtures/policies/%s.onnx"


func test_a_probe_notes_what_a_policy_saw_and_computed_for_its_agent() -> void:
	var roster := _roster("valued_walker")
	var assignment := RLAssignment.new(roster, RLOptions.new([]))
	var agent := roster.agents[1]
	var controller := agent.controller as RLPolicyController
	roster.begin_all()
	assignment.act()
	check(controller.probe == null, "nobody looks")
	controller.probe = RLPolicyProbe.new(agent, controller.policy)
	assignment.act()
	var probe := controller.probe
	var seen := PackedFloat32Array()
	seen.resize(agent.observation_size)
	agent.observe(seen, 0)
	check_equal(probe.observation, seen, "observation")
	check_equal(probe.distribution.size(), 4, "floats of the distribution")
	var walk := (agent.actions[0] as RLContinuousAction).vector2()
	check_close(clampf(probe.distribution[0], -1.0, 1.0), walk.x, "the mean of the action", 1e-6)
	var total := 0.0
	for number: float in seen:
		total += number
	check_close(probe.value, 0.5 * total, "value", 1e-5)
	check_equal([probe.together, probe.decisions], [2, 1], "agents together, decisions")
	check(probe.forward_ms > 0.0, "duration of a forward: %f ms" % probe.forward_ms)
	check_equal(probe.rate, 0.0, "rate of one decision")
	assignment.act()
	check(probe.rate > 0.0, "rate of two decisions")


func test_a_file_without_a_value_is_said_to_have_none() -> void:
	var roster := _roster("walker")
	check(not RLPolicyProbe.new(roster.agents[0], roster.agents[0].policy).has_value, "value")


func test_f3_opens_and_closes_and_tab_goes_to_the_next_agent_of_a_policy() -> void:
	var bridge := _bridge()
	var debugger := RLPolicyDebugger.new(bridge, null)
	bridge.add_child(debugger)
	check(not debugger.is_processing(), "nothing is done while it is closed")
	_press(debugger, KEY_F3)
	var first := bridge.roster.agents[0]
	var controller := first.controller as RLPolicyController
	check_equal(controller.probe.agent, first, "who is looked at")
	await wait_ticks(3 * bridge.action_repeat)
	check(controller.probe.decisions > 0, "decisions noted")
	_press(debugger, KEY_TAB)
	check_equal(controller.probe.agent, bridge.roster.agents[1], "who is looked at after tab")
	_press(debugger, KEY_PAGEDOWN)
	await wait_ticks(3 * bridge.action_repeat)
	_press(debugger, KEY_F3)
	check(not debugger.is_open() and controller.probe == null, "closed")
	_press(debugger, KEY_TAB)
	check(controller.probe == null, "tab is the game's own key again")
	bridge.free()


func test_each_row_of_a_list_of_entities_has_a_line() -> void:
	var crowd := {"name": "crowd", "size": 6, "columns": ["present", "x", "y"]}
	var lines := RLPolicySheet.lines_of([{"name": "pose", "size": 4}, crowd])
	check_equal(lines.map(func(line: Dictionary) -> String: return line["name"]), ["pose", "crowd[0]", "crowd[1]"])
	check_equal(lines.map(func(line: Dictionary) -> int: return line["size"]), [4, 3, 3])


func test_it_is_added_only_where_a_policy_plays() -> void:
	var bridge := _bridge()
	RLPolicyDebugger.add_to(bridge, null)
	check(bridge.has_node("PolicyDebugger"), "with a policy")
	bridge.get_node("PolicyDebugger").free()
	for agent: RLAgent in bridge.roster.agents:
		agent.controller = RLHumanController.new()
	RLPolicyDebugger.add_to(bridge, null)
	check(not bridge.has_node("PolicyDebugger"), "without")
	bridge.free()


func _roster(file: String) -> RLRoster:
	var roster := RLRoster.new([RLStage.new([make_arena().core], RLSchedule.new())])
	for agent: RLAgent in roster.agents.slice(0, 2):
		agent.policy = load(_FILE % file) as RLPolicy
	return roster


# A game whose walkers are played by a policy.
func _bridge() -> RLBridge:
	var bridge := RLBridge.new()
	bridge.arena_scene = _ARENA
	bridge.action_repeat = 6
	bridge.options.policies = {"walker": ProjectSettings.globalize_path(_FILE % "walker")}
	add_child(bridge)
	check_equal(bridge.assignment.problems, PackedStringArray(), "problems")
	return bridge


func _press(debugger: RLPolicyDebugger, key: Key) -> void:
	var event := InputEventKey.new()
	event.physical_keycode = key
	event.pressed = true
	debugger._input(event)
