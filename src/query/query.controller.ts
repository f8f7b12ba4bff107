import { Controller, Get, HttpCode, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import { TakesOnly } from '../common/known-parameters.js';
import {
  nodeRequest,
  queryParameters,
  takeOver,
  type HttpRequest,
  type HttpResponse,
} from '../common/http.js';
import {
  DescribeEvents,
  DescribeExport,
  DescribeFunnel,
  DescribeQuery,
  DescribeQueryString,
  DescribeRetention,
} from './openapi/query.openapi.js';
import { queryBody } from './query-body.middleware.js';
import { QueryService, type Asked } from './query.service.js';
import { formatOf, sendAnswer, sendParts, whileConnected } from './send-answer.js';
import type { AnswerText } from './thread/tasks.js';

type Answering = (asked: Asked) => Promise<AnswerText>;

/** The way out: one query language for figures, funnels, retention and raw events. */
@ApiTags('queries')
@Controller('analytics')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('read')
export class QueryController {
  constructor(private readonly queries: QueryService) {}

  @Post('query')
  @TakesOnly('format')
  @HttpCode(200)
  @DescribeQuery()
  query(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    return answer(request, response, (asked) => this.queries.query(asked));
  }

  @Get('query')
  @DescribeQueryString()
  queryByString(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    return answerString(request, response, (asked) => this.queries.query(asked));
  }

  @Post('funnel')
  @TakesOnly('format')
  @HttpCode(200)
  @DescribeFunnel()
  funnel(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    return answer(request, response, (asked) => this.queries.funnel(asked));
  }

  @Post('retention')
  @TakesOnly('format')
  @HttpCode(200)
  @DescribeRetention()
  retention(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    return answer(request, response, (asked) => this.queries.retention(asked));
  }

  @Get('events')
  @DescribeEvents()
  events(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    return answerString(request, response, (asked) => this.queries.events(asked));
  }

  @Get('export')
  @DescribeExport()
  async export(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    const query = this.queries.readExport(queryParameters(nodeRequest(request)));
    const sent = takeOver(response);
    const signal = whileConnected(sent);
    await sendParts(sent, query.format, this.queries.export(query, signal), signal);
  }
}

async function answer(
  request: HttpRequest,
  response: HttpResponse,
  answering: Answering,
): Promise<void> {
  const node = nodeRequest(request);
  const sent = takeOver(response);
  const format = formatOf(node);
  const signal = whileConnected(sent);
  const asked = { value: queryBody(node), isShorthand: false, format, signal };
  sendAnswer(sent, format, await answering(asked));
}

async function answerString(
  request: HttpRequest,
  response: HttpResponse,
  answering: Answering,
): Promise<void> {
  const node = nodeRequest(request);
  const sent = takeOver(response);
  const format = formatOf(node);
  const signal = whileConnected(sent);
  const asked = { value: queryParameters(node), isShorthand: true, format, signal };
  sendAnswer(sent, format, await answering(asked));
}
