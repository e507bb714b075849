class_name RLHud
extends RLSheet
## What a person sees of an agent while it plays: its task, who acts for it, its figures, and its rewards term by term.

const _LEAST_WIDTH := 380.0
const _MARGIN := 12.0
const _LINE := 22.0
const _FONT_SIZE := 16
const _BAR_X := 200.0
const _GOOD := Color(0.35, 0.85, 0.45)
const _BAD := Color(0.95, 0.4, 0.35)
const _PAPER := Color(0.05, 0.06, 0.09, 0.72)

var _bridge: RLBridge
var _agent: RLAgent
var _at := 0
var _terms: Array[StringName] = []
var _help_shown := true
# How the agent's last episode went, in words.
var _last := ""
var _drawn_decision := -1
# Pixels that the sheet is wide: what the longest line needs.
var _width := _LEAST_WIDTH


func _init() -> void:
	# Above what the game itself lays over its picture, as a vignette.
	layer = 100


func _process(_delta: float) -> void:
	var decision := _agent.arena_core.ticks if _agent != null and _agent.arena_core.is_running() else -1
	if decision != _drawn_decision:
		_drawn_decision = decision
		_sheet.queue_redraw()


## Show this agent's rewards from now on.
func watch(bridge: RLBridge, agent: RLAgent) -> void:
	if _agent != null:
		_agent.episode_began.disconnect(_note_result)
	_bridge = bridge
	_agent = agent
	_at = bridge.roster.agents.find(agent)
	_agent.episode_began.connect(_note_result)
	_last = ""
	_width = _LEAST_WIDTH
	_terms.clear()
	for metric: StringName in agent.all_metric_names():
		if metric.begins_with("reward/"):
			_terms.append(StringName(metric.trim_prefix("reward/")))


func is_help_shown() -> bool:
	return _help_shown


## Show or hide the keys.
func show_help(shown: bool) -> void:
	_help_shown = shown
	_sheet.queue_redraw()


## What the agent reported of the episode that ended before this one.
func _note_result() -> void:
	if _agent.final_metrics.is_empty():
		return
	var names := _agent.all_metric_names()
	var ending := "over"
	if &"success" in names:
		ending = "success" if _agent.final_metrics[names.find(&"success")] > 0.5 else "no success"
	var total := _agent.final_metrics[names.find(&"return")]
	var steps := int(_agent.final_metrics[names.find(&"length")])
	_last = "last episode: %s, return %.2f, %d steps" % [ending, total, steps]


func _draw_sheet() -> void:
	if _agent == null or not _agent.arena_core.is_running():
		return
	var arena := _agent.arena_core
	var seconds := float(arena.ticks) / _bridge.physics_hz
	var lines: Array[String] = [
		"%s: %s, played by %s" % [_bridge.scenario_name, _agent.agent_name, _agent.controller.title],
		(
			"episode %d   step %d   %.1f s%s"
			% [arena.episode, _agent.decisions, seconds, "" if _agent.active else "   done"]
		),
	]
	if _agent._purpose() != "":
		lines.insert(1, _agent._purpose())
	lines.append_array(_agent._readout())
	lines.append("reward %+.3f   return %+.2f" % [_bridge.roster.reward_of(_at), _agent.episode_return])
	_fit(lines)
	_fit([_last])
	var height := _LINE * (lines.size() + _terms.size() + (1 if _last != "" else 0)) + 2.0 * _MARGIN
	_sheet.draw_rect(Rect2(_MARGIN, _MARGIN, _width, height), _PAPER)
	var y := 2.0 * _MARGIN
	for line: String in lines:
		y = _write(line, y)
	y = _draw_bars(y)
	if _last != "":
		_write(_last, y)
	if _help_shown:
		_draw_help()


func _draw_bars(y: float) -> float:
	var sums := _agent.metrics_vector().slice(RLAgent.COMMON_METRICS.size())
	var largest := 1.0
	for i: int in _terms.size():
		largest = maxf(largest, absf(sums[i]))
	var reach := 0.5 * (_width - _BAR_X - 2.0 * _MARGIN)
	for i: int in _terms.size():
		var length := reach * sums[i] / largest
		var from := _MARGIN + _BAR_X + reach + minf(length, 0.0)
		var bar := Rect2(from, y + 5.0, maxf(absf(length), 1.0), _LINE - 10.0)
		_sheet.draw_rect(bar, _GOOD if length >= 0.0 else _BAD)
		y = _write("%s %+.2f" % [_terms[i], sums[i]], y)
	return y


func _draw_help() -> void:
	var lines: Array[String] = []
	if _agent.controller is RLHumanController:
		lines.assign(_agent._controls())
	lines.append(RLWatch.help(_bridge))
	if _agent.controller is RLPolicyController:
		lines.append("F3: what the policy sees and decides")
	_fit(lines)
	var height := _LINE * lines.size() + 2.0 * _MARGIN
	var top := _sheet.size.y - height - _MARGIN
	_sheet.draw_rect(Rect2(_MARGIN, top, _width, height), _PAPER)
	var y := top + _MARGIN
	for line: String in lines:
		y = _write(line, y)


## Make the sheet as wide as its longest line, so that none is cut off.
func _fit(lines: Array[String]) -> void:
	for line: String in lines:
		var size := ThemeDB.fallback_font.get_string_size(line, HORIZONTAL_ALIGNMENT_LEFT, -1, _FONT_SIZE)
		_width = maxf(_width, size.x + 3.0 * _MARGIN)


func _write(text: String, y: float) -> float:
	var font := ThemeDB.fallback_font
	var place := Vector2(2.0 * _MARGIN, y + 0.75 * _LINE)
	_sheet.draw_string(font, place, text, HORIZONTAL_ALIGNMENT_LEFT, -1, _FONT_SIZE)
	return y + _LINE
