"""Fixtures of the cluster tests: all share one cluster, whole again before each."""

import pytest
from support.wsclient import Crowd


@pytest.fixture
def crowd(cluster):
    return Crowd(cluster)


@pytest.fixture
def edges(cluster):
    """The two edges that clients use; tests may add others."""
    return cluster.edges[:2]
