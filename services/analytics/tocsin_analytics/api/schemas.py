"""What the API answers. Durations are seconds, times are UTC; null means that there is no such figure, never zero."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from tocsin_analytics.domain.definitions import DEFINITIONS, Definition
from tocsin_analytics.domain.durations import Metric, Outcome, measure
from tocsin_analytics.domain.figures import CountPoint, DurationPoint, Figure, Summary
from tocsin_analytics.domain.interruptions import Band, Interruptions
from tocsin_analytics.domain.periods import Period
from tocsin_analytics.domain.sentences import figure_sentence, frequency_sentence
from tocsin_analytics.domain.statistics import Change, Sample, Verdict
from tocsin_analytics.store.queries import FactRow


class PeriodOut(BaseModel):
    """From `from` until just before `to`."""

    start: datetime = Field(serialization_alias="from")
    end: datetime = Field(serialization_alias="to")

    @staticmethod
    def of(period: Period) -> "PeriodOut":
        """The same, to be sent."""
        return PeriodOut(start=period.start, end=period.end)


class SampleOut(BaseModel):
    """Durations summed up. `low` and `high` hold the median with 95 % confidence, null below 6 incidents."""

    n: int
    median: float | None
    p90: float | None
    mean: float | None
    low: float | None
    high: float | None

    @staticmethod
    def of(sample: Sample) -> "SampleOut":
        """The same, to be sent."""
        return SampleOut(
            n=sample.n,
            median=sample.median,
            p90=sample.p90,
            mean=sample.mean,
            low=sample.low,
            high=sample.high,
        )


class ChangeOut(BaseModel):
    """This period less the one before, and whether that stands out of the noise."""

    verdict: Verdict
    difference: float | None

    @staticmethod
    def of(change: Change) -> "ChangeOut":
        """The same, to be sent."""
        return ChangeOut(verdict=change.verdict, difference=change.difference)


class FigureOut(BaseModel):
    """One metric. `outcomes` counts every incident once: measured, or why not."""

    metric: Metric
    name: str
    sentence: str
    definition: str
    now: SampleOut
    before: SampleOut
    change: ChangeOut
    outcomes: dict[Outcome, int]
    from_detection: int = Field(
        description="How many of `now.n` count from detection, as the impact's start is unknown."
    )

    @staticmethod
    def of(figure: Figure) -> "FigureOut":
        """The same, to be sent, with its words."""
        definition = DEFINITIONS[figure.metric]
        return FigureOut(
            metric=figure.metric,
            name=definition.name,
            sentence=figure_sentence(figure),
            definition=definition.text,
            now=SampleOut.of(figure.now),
            before=SampleOut.of(figure.before),
            change=ChangeOut.of(figure.change),
            outcomes=figure.outcomes,
            from_detection=figure.assumed,
        )


class FrequencyOut(BaseModel):
    """How many incidents began, and how often that is."""

    n: int
    before: int
    change: ChangeOut
    sentence: str
    per_day: float
    per_week: float
    severities: dict[str, int]
    severities_before: dict[str, int]
    reopened: int
    auto_resolved: int
    overdue_updates: int


class SummaryOut(BaseModel):
    """The figures of a period beside those of the one before. Drills are counted, and in no other figure."""

    period: PeriodOut
    before: PeriodOut
    incidents: FrequencyOut
    figures: list[FigureOut]
    drills: int
    last_event_at: datetime | None

    @staticmethod
    def of(summary: Summary, last_event_at: datetime | None) -> "SummaryOut":
        """The same, to be sent."""
        frequency = summary.frequency
        return SummaryOut(
            period=PeriodOut.of(summary.period),
            before=PeriodOut.of(summary.before),
            incidents=FrequencyOut(
                n=frequency.n,
                before=frequency.before,
                change=ChangeOut.of(frequency.change),
                sentence=frequency_sentence(frequency),
                per_day=frequency.per_day,
                per_week=frequency.per_week,
                severities=frequency.severities,
                severities_before=frequency.severities_before,
                reopened=frequency.reopened,
                auto_resolved=frequency.auto_resolved,
                overdue_updates=frequency.overdue_updates,
            ),
            figures=[FigureOut.of(figure) for figure in summary.figures.values()],
            drills=summary.drills,
            last_event_at=last_event_at,
        )


class IncidentOut(BaseModel):
    """The facts of one incident. `durations` says of every metric what it is, or why there is none."""

    incident_id: UUID
    number: int
    title: str
    severity: str
    severities: list[str] = Field(description="The severities it went through, oldest first.")
    status: str
    origin: str
    drill: bool
    service_id: UUID | None
    service: str | None
    team_id: UUID | None
    opened_at: datetime
    detected_at: datetime
    impact_started_at: datetime | None
    paged_at: datetime | None
    acknowledged_at: datetime | None
    told_at: datetime | None
    identified_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None = Field(
        description="The first time; `last_resolved_at` is null while open again."
    )
    last_resolved_at: datetime | None
    auto_resolved: bool
    reopened: int
    overdue_updates: int
    alert_count: int
    durations: dict[Metric, float | None]
    outcomes: dict[Metric, Outcome]

    @staticmethod
    def of(row: FactRow) -> "IncidentOut":
        """The same, to be sent."""
        incident = row.incident
        measured = {metric: measure(incident, metric) for metric in Metric}
        told = {name: getattr(incident, name) for name in IncidentOut.model_fields if hasattr(incident, name)}
        return IncidentOut(
            **told,
            severities=list(row.severities),
            durations={
                metric: None if each.duration is None else each.duration.total_seconds()
                for metric, each in measured.items()
            },
            outcomes={metric: each.outcome for metric, each in measured.items()},
        )


class PointOut(BaseModel):
    """One day, week or month, named by its first day."""

    start: date
    n: int
    median: float | None = None
    p90: float | None = None
    mean: float | None = None
    severities: dict[str, int] | None = None

    @staticmethod
    def of(point: DurationPoint | CountPoint) -> "PointOut":
        """The same, to be sent."""
        if isinstance(point, CountPoint):
            return PointOut(start=point.start, n=point.n, severities=point.severities)
        sample = point.sample
        return PointOut(start=point.start, n=sample.n, median=sample.median, p90=sample.p90, mean=sample.mean)


class SeriesOut(BaseModel):
    """A course over time."""

    metric: str
    by: str
    timezone: str
    points: list[PointOut]


class InterruptionsOut(BaseModel):
    """How often pages disturbed one person, and in which part of that person's week."""

    user_id: UUID
    user: str
    timezone: str
    n: int
    bands: Mapping[Band, int]

    @staticmethod
    def of(row: Interruptions) -> "InterruptionsOut":
        """The same, to be sent."""
        return InterruptionsOut(
            user_id=row.user_id, user=row.user, timezone=row.zone, n=row.n, bands=row.bands
        )


class DefinitionOut(BaseModel):
    """What a duration means."""

    name: str
    starts: str = Field(serialization_alias="from")
    ends: str = Field(serialization_alias="to")
    rule: str

    @staticmethod
    def of(definition: Definition) -> "DefinitionOut":
        """The same, to be sent."""
        return DefinitionOut(
            name=definition.name, starts=definition.starts, ends=definition.ends, rule=definition.rule
        )


class DefinitionsOut(BaseModel):
    """Every duration, and the rules that hold for all figures."""

    durations: dict[Metric, DefinitionOut]
    rules: dict[str, str]
