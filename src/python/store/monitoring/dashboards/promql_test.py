from store.monitoring.dashboards.promql import most, per_minute, quantile, rate, share, total


def test_a_rate_is_taken_of_each_series_before_they_are_added_up() -> None:
    assert rate("x_total", 'job="a"') == 'sum(rate(x_total{job="a"}[$__rate_interval]))'
    assert rate("x_total", "", "route") == "sum by (route) (rate(x_total{}[$__rate_interval]))"
    assert per_minute("x_total", "").startswith("60 * sum(rate(")


def test_a_share_is_0_where_nothing_of_it_happened() -> None:
    part, whole = rate("x_total", 'a="b",bad="1"', "c"), rate("x_total", 'a="b"', "c")
    asked = share("x_total", 'a="b"', 'bad="1"', "c")
    assert asked == f"({part} or 0 * {whole}) / clamp_min({whole}, 1e-9)"


def test_a_percentile_keeps_the_buckets_apart() -> None:
    buckets = rate("x_seconds_bucket", "", "le, route")
    assert quantile(0.99, "x_seconds", "", "route") == f"histogram_quantile(0.99, {buckets})"
    assert "sum by (le) (" in quantile(0.5, "x_seconds", "")


def test_replicas_that_each_report_the_whole_are_not_added_up() -> None:
    assert most("x", 'a="b"') == 'max(x{a="b"})'
    assert total("x", "", "job") == "sum by (job) (x{})"
