extends RLTest
## Policies that play inside the game: imported as resources, shared by agents, refused where they do not fit.
##
## fixtures/policies/walker.onnx is an untrained policy of the touch fixture's walkers, with one layer of 4.

const _FILE := "res://tests/fixtures/policies/walker.onnx"


func test_an_onnx_file_is_a_resource_with_its_schema() -> void:
	var policy := load(_FILE) as RLPolicy
	check(policy != null, "the type of %s" % _FILE)
	check(policy.model() != null, policy.problem)
	check_equal(policy.schema["policy"], "walker", "policy")
	check_equal(policy.state_size(), 0, "recurrent state")


func test_without_a_peer_agents_are_played_by_the_policy_that_they_have() -> void:
	var roster := _roster()
	var policy := load(_FILE) as RLPolicy
	roster.agents[0].policy = policy
	roster.agents[1].policy = policy
	var assignment := RLAssignment.new(roster, RLOptions.new([]))
	check_equal(assignment.problems, PackedStringArray(), "problems")
	check(roster.agents[0].controller is RLPolicyController, "the first walker")
	check_equal(roster.agents[1].controller, roster.agents[0].controller, "one controller for a policy")
	check_equal(roster.agents[2].controller.title, "you", "the first agent without a policy")
	roster.begin_all()
	assignment.act()
	var walk := (roster.agents[0].actions[0] as RLContinuousAction).vector2()
	check(walk != Vector2.ZERO and absf(walk.x) <= 1.0 and absf(walk.y) <= 1.0, "an action: %s" % walk)
	var seen := PackedFloat32Array()
	seen.resize(roster.agents[0].observation_size)
	roster.agents[0].observe(seen, 0)
	var found := policy.model().run({"obs": seen, "state_ins": PackedFloat32Array([0.0])})
	check_close(walk.x, clampf(found["distribution"][0], -1.0, 1.0), "the most probable action", 1e-6)


func test_a_person_or_a_peer_that_decides_comes_first() -> void:
	var roster := _roster()
	for agent: RLAgent in roster.agents.slice(0, 2):
		agent.policy = load(_FILE) as RLPolicy
	RLAssignment.new(roster, RLOptions.new(["--human=walker_1"]))
	check_equal(roster.agents[1].controller.title, "you", "who was asked for")
	RLAssignment.new(roster, RLOptions.new(["--port=1", "--player=Python"]))
	check_equal(roster.agents[0].controller.title, "Python", "with a peer")
	var files := '--policies={"walker": "%s"}' % ProjectSettings.globalize_path(_FILE)
	RLAssignment.new(roster, RLOptions.new(["--port=1", "--watched=1", files, "--human=walker_1"]))
	check(roster.agents[0].controller is RLPolicyController, "by its file: %s" % roster.agents[0].controller.title)
	check_equal(roster.agents[1].controller.title, "you", "who was asked for, where files play")
	RLAssignment.new(roster, RLOptions.new(["--control=heuristic"]))
	check_equal(roster.agents[0].controller.title, "its script", "scripts only")


func test_an_agent_that_a_policy_was_not_made_for_is_refused() -> void:
	var roster := _roster()
	roster.agents[2].policy = load(_FILE) as RLPolicy
	var problem := _only_problem(roster)
	check(problem.begins_with("agent 'jumper_0' (%s): its policy %s: " % [roster.agents[2].get_path(), _FILE]), problem)
	check("action 2: the policy has none, the game jump discrete 2" in problem, problem)


func test_every_kind_of_agent_that_shares_a_policy_is_compared_with_it() -> void:
	var roster := _roster()
	for agent: RLAgent in roster.agents:
		agent.policy = load(_FILE) as RLPolicy
	check("agent 'jumper_0'" in _only_problem(roster), _only_problem(roster))


func test_another_pace_is_refused_with_what_to_set() -> void:
	var roster := _roster()
	roster.agents[0].policy = load(_FILE) as RLPolicy  # trained with decisions of 6 ticks at 90 a second
	check("set the RLBridge's action_repeat to 4" in _only_problem(roster, 6, 60), _only_problem(roster, 6, 60))
	check("train the policy at the game's pace" in _only_problem(roster, 6, 100), _only_problem(roster, 6, 100))
	check_equal(_problems(roster, 4, 60), PackedStringArray(), "problems at the same pace")


func test_a_file_that_was_not_imported_is_a_policy_and_so_is_one_that_is_missing() -> void:
	DirAccess.copy_absolute(_FILE, "user://copied.onnx")
	var copied := load("user://copied.onnx") as RLPolicy
	check(copied.model() != null, copied.problem)
	var roster := _roster()
	roster.agents[0].policy = copied
	check("its policy user://copied.onnx: it has no schema" in _only_problem(roster), _only_problem(roster))
	roster.agents[0].policy = load("res://missing.onnx") as RLPolicy
	check("its policy res://missing.onnx: it cannot be read" in _only_problem(roster), _only_problem(roster))


func test_inactive_agents_take_no_part() -> void:
	var roster := _roster()
	for agent: RLAgent in roster.agents.slice(0, 2):
		agent.policy = load(_FILE) as RLPolicy
	RLAssignment.new(roster, RLOptions.new([]))
	roster.begin_all()
	roster.agents[0].end(true)
	var walkers: Array[RLAgent] = roster.agents.slice(0, 2)
	var actions := roster.agents[1].controller.decide(walkers)
	check_equal(actions.size(), walkers[0].action_size * 2, "floats for all")
	check_equal(actions.slice(0, walkers[0].action_size), PackedFloat32Array([0.0, 0.0]), "of who has ended")
	check(actions[walkers[0].action_size] != 0.0, "of who acts")


func test_a_wrong_observation_is_an_error_with_its_sizes() -> void:
	var model := (load(_FILE) as RLPolicy).model()
	check_equal(
		model.run({"obs": PackedFloat32Array([1.0]), "state_ins": PackedFloat32Array([0.0])}).size(), 0, "outputs"
	)
	check("the input 'obs' has 1 elements for 1 rows" in model.problem, model.problem)
	check_equal(model.run({}).size(), 0, "outputs")
	check("there is no input" in model.problem, model.problem)


func _roster() -> RLRoster:
	return RLRoster.new([RLStage.new([make_arena().core], RLSchedule.new())])


func _problems(roster: RLRoster, action_repeat: int = 6, physics_hz: int = 90) -> PackedStringArray:
	var options := RLOptions.new([])
	options.action_repeat = action_repeat
	options.physics_hz = physics_hz
	return RLAssignment.new(roster, options).problems


func _only_problem(roster: RLRoster, action_repeat: int = 6, physics_hz: int = 90) -> String:
	var problems := _problems(roster, action_repeat, physics_hz)
	check_equal(problems.size(), 1, "problems")
	return problems[0]
