extends RLTest
## Scenario parameters: what a run may set, and how mistakes are reported.


func test_values_are_set_by_name_and_whole_floats_are_ints() -> void:
	var params := TouchParams.new()
	check_equal(params.apply({"walkers": 4.0, "room_m": 6, "objective": "flee"}), PackedStringArray(), "problems")
	check_equal(params.walkers, 4)
	check_equal(typeof(params.walkers), TYPE_INT)
	check_equal(params.room_m, 6.0)
	check_equal(params.objective, "flee")


func test_an_unknown_name_suggests_the_nearest_one() -> void:
	var problems := TouchParams.new().apply({"walkrs": 3})
	check_equal(problems, PackedStringArray(["unknown parameter 'walkrs'; did you mean 'walkers'?"]))


func test_a_name_like_no_other_lists_all_names() -> void:
	var problems := TouchParams.new().apply({"zzz": 3})
	check("known are: walkers, jumpers" in problems[0], problems[0])


func test_a_value_outside_its_range_is_refused() -> void:
	check_equal(
		TouchParams.new().apply({"walkers": 17}), PackedStringArray(["parameter 'walkers': 17 is outside 1..16"])
	)


func test_a_value_of_another_type_is_refused() -> void:
	var problems := TouchParams.new().apply({"walkers": 2.5, "room_m": "big", "objective": 1, "touch_reward": true})
	check_equal(problems.size(), 4, "problems")
	check_equal(problems[0], "parameter 'walkers': 2.5 is not of type int")
	check_equal(problems[1], "parameter 'room_m': \"big\" is not of type float")


func test_a_value_outside_its_choices_is_refused() -> void:
	var problems := TouchParams.new().apply({"objective": "fly"})
	check_equal(problems, PackedStringArray(["parameter 'objective': 'fly' is none of touch, flee"]))


func test_all_mistakes_are_reported_and_nothing_is_set() -> void:
	var params := TouchParams.new()
	check_equal(params.apply({"walkers": 5, "jumpers": -1, "nope": 0}).size(), 2, "problems")
	check_equal(params.walkers, 2, "walkers")


func test_what_the_agents_depend_on_can_be_set_at_launch_only() -> void:
	var params := TouchParams.new()
	check_equal(params.apply({"walkers": 2, "room_m": 9.0}, true), PackedStringArray(), "unchanged walkers")
	check_equal(
		params.apply({"walkers": 3}, true), PackedStringArray(["parameter 'walkers' can be set at launch only"])
	)


func test_to_dict_has_every_parameter() -> void:
	var values := TouchParams.new().to_dict()
	check_equal(values.size(), 12, "parameters")
	check_equal(values["objective"], "touch")


func test_a_sampler_draws_another_value_for_every_episode_and_the_same_for_the_same() -> void:
	var params := TouchParams.new()
	check_equal(params.apply({"room_m": {"uniform": [4, 12]}}), PackedStringArray(), "problems")
	var drawn := PackedFloat64Array(_draws(params, &"room_m", 200))
	check_equal(drawn, PackedFloat64Array(_draws(params, &"room_m", 200)), "drawn again")
	drawn.sort()
	check(drawn[0] > 4.0 and drawn[0] < 4.5, "lowest: %f" % drawn[0])
	check(drawn[199] < 12.0 and drawn[199] > 11.5, "highest: %f" % drawn[199])
	check(drawn[99] > 7.0 and drawn[99] < 9.0, "middle: %f" % drawn[99])


func test_whole_numbers_are_drawn_from_both_ends() -> void:
	var params := TouchParams.new()
	params.apply({"max_ticks": {"uniform": [1, 3]}})
	var drawn := _draws(params, &"max_ticks", 60)
	for value: int in [1, 2, 3]:
		check(drawn.count(value) > 10, "%d drawn %d times" % [value, drawn.count(value)])


func test_normal_draws_stay_inside_the_declared_range() -> void:
	var params := TouchParams.new()
	params.apply({"touch_m": {"normal": [0.0, 1.0]}, "max_ticks": {"normal": [2, 3]}})
	check_equal(_draws(params, &"touch_m", 50).min(), 0.0, "lowest distance")
	check_equal(_draws(params, &"max_ticks", 50).min(), 1, "lowest number of ticks")


func test_a_choice_may_be_among_anything_of_the_right_type() -> void:
	var params := TouchParams.new()
	params.apply({"objective": {"choice": ["touch", "flee"]}, "max_ticks": {"choice": [5.0, 7.0]}})
	var objectives := _draws(params, &"objective", 30)
	check(objectives.count("touch") > 5 and objectives.count("flee") > 5, str(objectives))
	check(_draws(params, &"max_ticks", 30).has(7), "7 as a whole number")


func test_what_is_drawn_for_one_parameter_does_not_depend_on_the_others() -> void:
	var alone := TouchParams.new()
	alone.apply({"room_m": {"uniform": [4, 12]}})
	var both := TouchParams.new()
	both.apply({"room_m": {"uniform": [4, 12]}, "touch_m": {"uniform": [1, 2]}})
	check_equal(_draws(alone, &"room_m", 5), _draws(both, &"room_m", 5), "room_m")


func test_a_value_takes_a_sampler_s_place_and_the_other_way_round() -> void:
	var params := TouchParams.new()
	params.apply({"room_m": {"uniform": [4, 12]}})
	check_equal(params.to_dict()["room_m"], {"uniform": [4, 12]}, "reported")
	params.apply({"room_m": 6.0})
	params.draw(1)
	check_equal(params.room_m, 6.0)


func test_samplers_that_cannot_be_drawn_from_are_refused() -> void:
	var wrong: Dictionary[String, Dictionary] = {
		"parameter 'room_m': 60.0 is outside 3.0..50.0": {"room_m": {"uniform": [4, 60]}},
		"parameter 'room_m': expected the lower number first": {"room_m": {"uniform": [9, 4]}},
		"parameter 'room_m': expected two numbers": {"room_m": {"normal": [1]}},
		"parameter 'room_m': expected a deviation of at least 0": {"room_m": {"normal": [5, -1]}},
		"parameter 'room_m': expected one choice at least": {"room_m": {"choice": []}},
		"parameter 'room_m': expected a value, or {\"uniform\"": {"room_m": {"unifrom": [1, 2]}},
		"parameter 'objective': 'fly' is none of": {"objective": {"choice": ["fly"]}},
		"parameter 'objective': expected {\"choice\"": {"objective": {"uniform": [1, 2]}},
		"parameter 'walkers' can be set at launch only: it cannot": {"walkers": {"choice": [1, 2]}},
		"parameter 'max_ticks': 2.5 is not of type int": {"max_ticks": {"choice": [2.5]}},
		"parameter 'max_ticks': {\"choice\":[1]} is not of type int": {"max_ticks": {"choice": [{"choice": [1]}]}},
	}
	for expected: String in wrong:
		var problems := TouchParams.new().apply(wrong[expected])
		check(problems.size() == 1 and problems[0].begins_with(expected), "%s: %s" % [expected, problems])


func test_an_arena_draws_before_its_episode_begins_and_leaves_its_own_generator_alone() -> void:
	var plain := make_arena()
	var drawn := make_arena({"touch_m": {"uniform": [0.5, 1.5]}})
	for episode: int in 3:
		plain.core.begin_episode()
		drawn.core.begin_episode()
		check_equal(drawn.targets[0].position, plain.targets[0].position, "place of the target")
		check(drawn.settings.touch_m != plain.settings.touch_m, "drawn: %f" % drawn.settings.touch_m)


func test_samplers_may_be_set_while_the_game_runs() -> void:
	var game := ChildGame.new({"touch_m": 0.0, "max_ticks": 60})
	check_equal(game.configure({"max_ticks": {"choice": [6, 12]}}), "", "answer")
	game.reset(1)
	var lengths: Dictionary[int, bool] = {}
	for decision: int in 30:
		game.step(PackedFloat32Array([0, 0, 0, 0, 0, 0, 0]))
		if game.endings.has(0):
			lengths[int(game.endings[0][16 + 2])] = true
	check_equal(game.stop(), 0, "exit code")
	var found := lengths.keys()
	found.sort()
	check_equal(found, [1, 2], "decisions of episodes")


func test_a_sampler_that_is_wrong_while_the_game_runs_is_answered_with_what_was_expected() -> void:
	var game := ChildGame.new()
	var answer := game.configure({"room_m": {"uniform": [1]}})
	check(answer.begins_with("parameter 'room_m': expected two numbers, found"), answer)
	check_equal(game.stop(), RLBinarySession.REFUSED, "exit code")


func _draws(params: RLParams, parameter: StringName, count: int) -> Array:
	var drawn := []
	for episode: int in count:
		for problem: String in params.draw(episode):
			push_error(problem)
		drawn.append(params.get(parameter))
	return drawn
