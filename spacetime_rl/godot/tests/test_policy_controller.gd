extends RLTest
## How a policy plays its agents: when it decides, what happens in between, drawn actions, and numbers that are none.

const _FILE := "res://tests/fixtures/policies/walker.onnx"
const _REPEAT := 4


## Keeps the warnings of a test.
class Warnings:
	extends Logger
	var said: PackedStringArray = []

	func _log_error(
		_function: String,
		_file: String,
		_line: int,
		code: String,
		rationale: String,
		_editor_notify: bool,
		error_type: int,
		_backtraces: Array[ScriptBacktrace]
	) -> void:
		if error_type == ERROR_TYPE_WARNING:
			said.append(rationale if rationale != "" else code)


func test_a_policy_holds_its_action_for_the_decisions_that_it_leaves_out() -> void:
	var game := _game({"policy_period": 3})
	var taken: Array[Vector2] = []
	for decision: int in 6:
		game.act()
		taken.append(_walk(game.roster, 0))
		_turn(game.roster)
	check_equal(taken[1], taken[0], "the second decision")
	check_equal(taken[2], taken[0], "the third decision")
	check(taken[3] != taken[0], "the fourth decision: %s" % taken[3])
	check_equal(taken[5], taken[3], "the sixth decision")


func test_actions_move_evenly_from_one_decision_to_the_next() -> void:
	var stepping := _game()
	stepping.act()
	var first := _walk(stepping.roster, 0)
	_turn(stepping.roster)
	stepping.act()
	var second := _walk(stepping.roster, 0)
	check(first != second, "both decisions are %s" % first)
	var gliding := _game({"policy_interpolates": true})
	for decision: Array in [[Vector2.ZERO, first], [first, second]]:
		var from: Vector2 = decision[0]
		var to: Vector2 = decision[1]
		gliding.act()
		for tick: int in range(1, _REPEAT + 1):
			var expected := from.lerp(to, tick / float(_REPEAT))
			check_close(_walk(gliding.roster, 0).x, expected.x, "tick %d" % tick)
			check_close(_walk(gliding.roster, 0).y, expected.y, "tick %d" % tick)
			if tick < _REPEAT:
				gliding.advance()
		_turn(gliding.roster)


func test_an_episode_draws_the_same_actions_each_time() -> void:
	var one := _drawn_actions(7)
	check_equal(_drawn_actions(7), one, "the same seed")
	check(_drawn_actions(8) != one, "another seed")
	var distinct := {}
	for action: Vector2 in one:
		distinct[action] = true
	check(distinct.size() > 8, "%d different actions" % distinct.size())


func test_drawn_actions_are_spread_as_the_distribution_says() -> void:
	var number := RLContinuousAction.new()
	var choice := RLDiscreteAction.new()
	choice.choices = 3
	var squashed := RLActionChoice.of_actions([number, choice], true)
	check_equal(squashed.inputs, 5, "numbers for an agent")
	var computed := PackedFloat32Array([99.0, 0.3, log(0.5), log(0.2), log(0.7), log(0.1)])
	var action := PackedFloat32Array([0.0, 0.0])
	squashed.choose(computed, 1, action)
	check_close(action[0], tanh(0.3), "the most probable number", 1e-6)
	check_equal(action[1], 1.0, "the most probable choice")
	var rng := RandomNumberGenerator.new()
	rng.seed = 1
	var sum := 0.0
	var squares := 0.0
	var counts := PackedInt32Array([0, 0, 0])
	for i: int in 20000:
		squashed.draw(computed, 1, rng, action)
		sum += atanh(action[0])
		squares += pow(atanh(action[0]) - 0.3, 2.0)
		counts[int(action[1])] += 1
	check_close(sum / 20000, 0.3, "the mean", 0.02)
	check_close(sqrt(squares / 20000), 0.5, "the standard deviation", 0.02)
	check_close(counts[0] / 20000.0, 0.2, "share of the first choice", 0.01)
	check_close(counts[1] / 20000.0, 0.7, "share of the second choice", 0.01)
	number.free()
	choice.free()


func test_an_observation_that_is_no_number_is_named_once_and_the_game_goes_on() -> void:
	var warnings := Warnings.new()
	OS.add_logger(warnings)
	var game := _game()
	game.act()
	check(_walk(game.roster, 0) != Vector2.ZERO, "with numbers")
	_break_age(game.roster.agents[0], true)
	game.act()
	game.act()
	check_equal(_walk(game.roster, 0), Vector2.ZERO, "without")
	check(_walk(game.roster, 1) != Vector2.ZERO, "who sees numbers")
	_break_age(game.roster.agents[0], false)
	game.act()
	check(_walk(game.roster, 0) != Vector2.ZERO, "with numbers again")
	OS.remove_logger(warnings)
	var who := ["walker_0", game.roster.agents[0].get_path()]
	check_equal(
		warnings.said,
		PackedStringArray(
			["agent '%s' (%s): its observation 'age' is nan; it does nothing until that is a number" % who]
		)
	)


func test_the_settings_of_an_agent_are_for_its_own_policy() -> void:
	var roster := _roster(1, {"policy_stochastic": true, "policy_period": 9})
	var own := roster.agents[0].policy
	roster.agents[0].policy = null
	var controller := RLPolicyController.new(own, _REPEAT)
	var walkers: Array[RLAgent] = [roster.agents[0]]
	var first := controller.decide(walkers)
	roster.agents[0].act(first, 0)
	_turn(roster)
	check(controller.decide(walkers) != first, "it decides every time")


func _drawn_actions(seed_value: int) -> Array[Vector2]:
	var game := _game({"policy_stochastic": true}, seed_value)
	var drawn: Array[Vector2] = []
	for decision: int in 8:
		game.act()
		drawn.append(_walk(game.roster, 0))
		drawn.append(_walk(game.roster, 1))
	return drawn


# Two walkers whose policy plays, in their first episode.
func _game(settings: Dictionary = {}, seed_value: int = 1) -> Game:
	return Game.new(_roster(seed_value, settings))


func _roster(seed_value: int, settings: Dictionary) -> RLRoster:
	var roster := RLRoster.new([RLStage.new([make_arena({"jumpers": 0}, seed_value).core], RLSchedule.new())])
	for agent: RLAgent in roster.agents:
		agent.policy = load(_FILE) as RLPolicy
		for setting: StringName in settings:
			agent.set(setting, settings[setting])
	roster.begin_all()
	return roster


func _walk(roster: RLRoster, agent: int) -> Vector2:
	return (roster.agents[agent].actions[0] as RLContinuousAction).vector2()


# Let the players see something else.
func _turn(roster: RLRoster) -> void:
	for agent: RLAgent in roster.agents:
		agent.body.rotate_y(1.0)


func _break_age(agent: RLAgent, broken: bool) -> void:
	var settings := TouchParams.new()
	settings.fault = "nan" if broken else "none"
	settings.fault_tick = 0
	agent.sensors[-1].set(&"settings", settings)


## A roster with its assignment.
class Game:
	var roster: RLRoster
	var _assignment: RLAssignment

	func _init(of_roster: RLRoster) -> void:
		roster = of_roster
		var options := RLOptions.new([])
		options.action_repeat = _REPEAT
		_assignment = RLAssignment.new(roster, options)

	func act() -> void:
		_assignment.act()

	func advance() -> void:
		_assignment.advance()
